"""At its start the Redis broker explains missing permissions and incompatible servers."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from brokers.base import BrokerOptions
from brokers.errors import Misconfigured, Unavailable
from brokers.redis import RedisBroker
from brokers.redis.connection.compatibility import incompatibility, read_server_facts
from brokers.testing.recorder import BrokerNode, Recorder
from tests.brokers.redis.stage import own_server, stage
from tests.contract.redis_cluster import ClusterServer, free_ports
from tests.contract.redis_server import RedisServer
from tests.contract.server import running

SOON = BrokerOptions(timeout=2.0)
PAGE = Path(__file__).parents[4] / "docs" / "operations.md"


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with own_server() as started:
        yield started


@pytest.fixture
async def admin(server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(server.url) as client:
        yield client


def documented() -> list[str]:
    """Read the permissions that the operations page lists."""
    found = re.search(r"ACL SETUSER hubbub on >secret ([^`]*)", PAGE.read_text(encoding="utf-8"))
    assert found
    return found[1].split()


async def make_user(admin: Redis, *but: str) -> None:
    rights = [right for right in documented() if right not in but]
    version = (await admin.info("server"))["redis_version"]
    if tuple(map(int, version.split("."))) >= (7, 2):
        rights.append("+client|setinfo")
    if version.startswith("6."):
        rights = list(dict.fromkeys(right.split("|")[0] for right in rights))
    await admin.acl_deluser("hubbub")
    await admin.execute_command(  # type: ignore[no-untyped-call]
        "ACL", "SETUSER", "hubbub", "on", ">secret", *rights
    )


def as_user(server: RedisServer, secret: str = "secret") -> BrokerOptions:  # noqa: S107  it opens nothing
    return replace(SOON, url=server.url.replace("unix://", f"unix://hubbub:{secret}@"))


async def test_a_user_with_the_documented_rights_can_do_everything(server: RedisServer, admin: Redis) -> None:
    await make_user(admin)
    await admin.acl_log_reset()
    node = BrokerNode(RedisBroker(as_user(server)), Recorder())
    await node.broker.start(node.received)
    await node.broker.subscribe("room")
    await node.send("room", b"one", b"two")
    await node.received.count(2)
    assert len(await node.full_history("room")) == 2
    assert (await node.broker.heads(["room"]))["room"].offset == 2
    node.broker.emit("room", b"signal")
    await node.received.until(lambda received: len(received.signals) == 1)
    await node.broker.unsubscribe("room")
    await node.broker.probe()
    await node.broker.close()
    assert not await admin.acl_log()


@pytest.mark.parametrize(
    ("right", "named"),
    [
        ("+xadd", "XADD|xadd|script"),
        ("+xtrim", "XTRIM|xtrim|script"),
        ("+publish", "PUBLISH|publish|script"),
        ("+subscribe", "subscribe"),
        ("+zrange", "zrange"),
        ("+eval", "eval"),
        ("+info", "info"),
        ("~{hubbub:*", "key"),
        ("&hubbub:*", "channel"),
    ],
)
async def test_a_right_that_is_missing_stops_the_start_and_is_named(
    server: RedisServer, admin: Redis, right: str, named: str
) -> None:
    await make_user(admin, right)
    with pytest.raises(Misconfigured, match=rf"(?is)({named}).*docs/operations\.md"):
        await RedisBroker(as_user(server)).start(Recorder())


async def test_a_wrong_password_is_explained(server: RedisServer, admin: Redis) -> None:
    await make_user(admin)
    with pytest.raises(Misconfigured, match="Redis denies access"):
        await RedisBroker(as_user(server, "wrong")).start(Recorder())


async def test_a_server_that_is_not_redis_is_explained() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        with pytest.raises(Misconfigured, match="does not speak the Redis protocol"):
            await RedisBroker(replace(SOON, url=f"redis://127.0.0.1:{port}")).start(Recorder())


async def test_a_server_of_a_cluster_asks_for_the_address_of_a_cluster() -> None:
    [port] = free_ports(1)
    with running(ClusterServer(port, port)), pytest.raises(Misconfigured, match=r"redis\+cluster://"):
        await RedisBroker(replace(SOON, url=f"redis://127.0.0.1:{port}")).start(Recorder())


async def test_a_cluster_url_of_a_single_server_is_explained() -> None:
    [port] = free_ports(1)
    with (
        running(RedisServer("--port", str(port), "--bind", "127.0.0.1")),
        pytest.raises(Misconfigured, match="not a server of a Redis Cluster"),
    ):
        await RedisBroker(replace(SOON, url=f"redis+cluster://127.0.0.1:{port}")).start(Recorder())


async def test_an_unreachable_cluster_is_unavailable() -> None:
    [port] = free_ports(1)
    with pytest.raises(Unavailable, match="unreachable"):
        await RedisBroker(replace(SOON, url=f"redis+cluster://127.0.0.1:{port}")).start(Recorder())


@pytest.mark.parametrize(
    ("arguments", "advised"),
    [
        (("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"), "noeviction"),
        (("--appendonly", "no"), "appendonly is no"),
        ((), ""),
    ],
)
async def test_what_would_be_better_otherwise_is_logged_once_at_the_start(
    arguments: tuple[str, ...], advised: str, caplog: pytest.LogCaptureFixture
) -> None:
    with own_server(*arguments) as started, caplog.at_level(logging.WARNING, "brokers.redis"):
        broker = RedisBroker(replace(SOON, url=started.url))
        received = Recorder()
        await broker.start(received)
        async with Redis.from_url(started.url) as client:
            await client.client_kill_filter(_type="pubsub")
        await received.until(lambda received: received.states == ["lost", "restored"])
        await broker.close()
    recommended = [
        getattr(record, "advice", "") for record in caplog.records if record.message == "redis_advice"
    ]
    assert len(recommended) == bool(advised)
    assert all(advised in text for text in recommended)


async def test_a_redis_that_is_out_of_memory_rejects_entries_and_can_be_read() -> None:
    with own_server("--maxmemory-policy", "noeviction") as started:
        async with stage(SOON, server=started) as on:
            await on.there.broker.subscribe("room")
            await on.here.send("room", b"before")
            await on.redis.config_set("maxmemory", 1)
            with pytest.raises(Unavailable, match="memory"):
                await on.here.broker.publish("room", b"full", key="key")
            assert [entry.payload for entry in await on.there.full_history("room")] == [b"before"]
            assert (await on.there.broker.heads(["room"]))["room"].offset == 1
            late = BrokerNode(RedisBroker(on.here.broker.options), Recorder())
            await late.broker.start(late.received)  # the node starts anyway
            await late.broker.close()
            await on.redis.config_set("maxmemory", 0)
            receipt = await on.here.broker.publish("room", b"full", key="key")
            assert (receipt.offset, receipt.duplicate) == (2, False)
            await on.there.received.until(lambda received: received.payloads("room") == [b"before", b"full"])
            with pytest.raises(ResponseError):
                await on.redis.xadd(on.keyspace.stream("room"), {"p": ""}, id="1-0")


@pytest.mark.parametrize(
    ("info", "fault"),
    [
        (b"redis_version:6.2.0\r\nrole:master\r\n", ""),
        (b"redis_version:10.0\r\nrole:master\r\n", ""),
        (b"# Server\r\n", ""),
        (b"redis_version:6.0.16\r\nrole:master\r\n", "needs 6.2"),
        (b"redis_version:7.2.4\r\nrole:slave\r\n", "replica"),
    ],
)
def test_an_incompatible_server_is_explained(info: bytes, fault: str) -> None:
    found = incompatibility(read_server_facts(info), cluster=False)
    assert bool(found) == bool(fault)
    assert fault in found
