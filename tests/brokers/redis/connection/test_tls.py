"""The Redis broker connects over TLS, with certificates on both sides.

A TLS proxy is in front of the server, because not every redis-server is built with TLS. A server with TLS is
tested directly, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from brokers.base import BrokerOptions
from brokers.errors import Misconfigured, Unavailable
from brokers.redis import RedisBroker
from brokers.testing.recorder import BrokerNode, Recorder
from tests.brokers.certificates import Authority, asks_who_comes
from tests.contract.proxy import Answer, Proxy
from tests.contract.redis_cluster import RedisCluster, free_ports
from tests.contract.redis_server import RedisServer, shared_redis
from tests.contract.server import running

SOON = BrokerOptions(timeout=8.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """A server that requires TLS and a client certificate, with the files to connect to it."""

    port: int
    authority: Path
    certificate: tuple[Path, Path]

    def url(self, *, scheme: str = "rediss", ca: Path | None = None, client: bool = True) -> str:
        cert, key = self.certificate
        ours = f"&ssl_certfile={cert}&ssl_keyfile={key}" if client else ""
        return f"{scheme}://127.0.0.1:{self.port}?ssl_ca_certs={ca or self.authority}{ours}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@asynccontextmanager
async def front(authority: Authority) -> AsyncIterator[int]:
    proxy = Proxy(shared_redis().socket, Answer(), asks_who_comes(authority, "front"))
    try:
        yield await proxy.open()
    finally:
        await proxy.close()


@asynccontextmanager
async def itself(authority: Authority) -> AsyncIterator[int]:
    [port] = free_ports(1)
    cert, key = map(str, authority.issue("server"))
    files = ("--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", str(authority.file))
    server = RedisServer("--tls-port", str(port), "--bind", "127.0.0.1", *files)
    try:
        with running(server):
            yield port
    except RuntimeError as error:
        if str(error) and "TLS" not in str(error):
            raise  # one that does not know the settings writes no log at all
        pytest.skip("this redis-server was built without TLS")


@pytest.fixture(params=[front, itself])
async def secured(request: pytest.FixtureRequest, authority: Authority) -> AsyncIterator[Secured]:
    async with request.param(authority) as port:
        yield Secured(port=port, authority=authority.file, certificate=authority.issue("client"))


async def test_messages_go_over_tls(secured: Secured) -> None:
    node = BrokerNode(RedisBroker(replace(SOON, url=secured.url())), Recorder())
    await node.broker.start(node.received)
    await node.broker.subscribe("room")
    await node.send("room", b"text")
    await node.received.count(1)
    await node.broker.probe()
    await node.broker.close()


async def test_a_certificate_of_another_authority_is_not_trusted(secured: Secured, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    with pytest.raises(Misconfigured, match="certificate of Redis is not trusted"):
        await RedisBroker(replace(SOON, url=secured.url(ca=other.file))).start(Recorder())


async def test_a_connection_without_a_client_certificate_is_rejected(secured: Secured) -> None:
    with pytest.raises((Misconfigured, Unavailable), match=r"Redis"):
        await RedisBroker(replace(SOON, url=secured.url(client=False))).start(Recorder())


async def test_without_tls_there_is_no_answer(secured: Secured) -> None:
    with pytest.raises(Unavailable, match="unreachable"):
        await RedisBroker(replace(SOON, url=f"redis://127.0.0.1:{secured.port}")).start(Recorder())


async def test_tls_to_a_server_without_tls_is_explained(authority: Authority) -> None:
    [port] = free_ports(1)
    with running(RedisServer("--port", str(port), "--bind", "127.0.0.1")):
        url = f"rediss://127.0.0.1:{port}?ssl_ca_certs={authority.file}"
        with pytest.raises((Misconfigured, Unavailable), match=r"TLS|unreachable|not ready"):
            await RedisBroker(replace(SOON, url=url)).start(Recorder())


@pytest.mark.parametrize("option", ["ssl_ca_certs", "ssl_certfile", "ssl_keyfile"])
async def test_a_file_that_is_not_there_is_named(option: str) -> None:
    with pytest.raises(Misconfigured, match=f"{option}=/nowhere.pem: no such file"):
        await RedisBroker(replace(SOON, url=f"rediss://localhost?{option}=/nowhere.pem")).start(Recorder())


@pytest.mark.cluster
async def test_a_cluster_is_reached_over_tls(authority: Authority) -> None:
    cert, key = authority.issue("node")
    files = f"ssl_ca_certs={authority.file}&ssl_certfile={cert}&ssl_keyfile={key}"
    behind = free_ports(3)
    fronts = [Proxy(port, Answer(), asks_who_comes(authority, "member")) for port in behind]
    announced = [await one.open() for one in fronts]
    cluster = RedisCluster(ports=behind, announced=announced)
    with running(cluster):
        url = cluster.url.replace("redis+", "rediss+")
        node = BrokerNode(RedisBroker(replace(SOON, url=f"{url}?{files}")), Recorder())
        await node.broker.start(node.received)
        rooms = [f"room {number}" for number in range(12)]
        await asyncio.gather(*map(node.broker.subscribe, rooms))
        for room in rooms:
            await node.send(room, b"text")
        await node.received.count(len(rooms))
        assert node.broker.stats()["shards"] == 3
        await node.broker.probe()
        await node.broker.close()
        for one in fronts:
            await one.close()
