"""A password with any characters works or is refused in a sentence, and no part of it leaks."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import traceback
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import pytest
from redis.asyncio import Redis

from brokers.base import BrokerOptions
from brokers.errors import BrokerError, Misconfigured
from brokers.redis import RedisBroker
from brokers.redis.connection.url import parse_url
from brokers.testing.recorder import BrokerNode, Recorder
from tests.brokers.redis.stage import own_server
from tests.contract.redis_cluster import free_ports
from tests.contract.redis_server import RedisServer

USER = "an:n/@?#%"
NASTY = [
    "sesame:opened",
    "sesame/opened",
    "sesame@opened",
    "sesame?opened=mount",
    "sesame#opened",
    "sesame%opened",
    "sesame%41opened",
    "sesame opened",
    " sesame opened ",
    "sesame[opened]mount",
    "[sesame]",
    "sesame\\opened",
    "sesame&opened=mount",
    "sesame,opened",
    "sesame;opened'mount\"",
    "sesame::opened@@mount//",
    "sesame@opened/mount@hill",
    "sésame℀opened",
    "sesame+opened",
    "sesame$(opened)${mount}",
    "12345/opened@mount:6379",
    "sesame\topened",
]


def parts(secret: str) -> set[str]:
    """Cut a secret where the parser of a URL would."""
    return {part for part in re.split(r"[^\w]+", secret) if len(part) > 3}


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    [port] = free_ports(1)
    with own_server("--port", str(port), "--bind", "127.0.0.1") as started:
        started.port = port  # type: ignore[attr-defined]
        yield started


@pytest.fixture
async def port(server: RedisServer) -> int:
    return int(server.port)  # type: ignore[attr-defined]


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the names of hosts that are looked up."""
    names: list[str] = []
    real = socket.getaddrinfo

    def record(host: object, *rest: object, **more: object) -> object:
        names.append(str(host))
        return real(host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", record)
    return names


@pytest.fixture(params=NASTY)
async def secret(request: pytest.FixtureRequest, server: RedisServer) -> AsyncIterator[str]:
    chosen: str = request.param
    async with Redis.from_url(server.url) as admin:
        await admin.execute_command("ACL", "SETUSER", USER, "reset", "on", f">{chosen}", "~*", "&*", "+@all")  # type: ignore[no-untyped-call]
        yield chosen
        await admin.acl_deluser(USER)


async def start(options: BrokerOptions) -> str:
    """Start and stop a node; return all that it reports if it can't."""
    node = BrokerNode(RedisBroker(options), Recorder())
    try:
        await node.broker.start(node.received)
        await node.send("room", b"text")
    except BrokerError as error:
        return "\n".join([*traceback.format_exception(error), repr(error), repr(node.broker.options)])
    finally:
        await node.broker.close()
    return ""


def check_secrecy(secret: str, *reported: object) -> None:
    for part in parts(secret):
        for text in reported:
            assert part not in str(text)


async def test_user_and_password_apart_from_the_url(
    port: int, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    options = BrokerOptions(url=f"redis://127.0.0.1:{port}/0", user=USER, password=secret, timeout=2.0)
    assert await start(options) == ""
    check_secrecy(secret, repr(options), caplog.text)


async def test_a_percent_encoded_url(port: int, secret: str) -> None:
    login = f"{quote(USER, safe='')}:{quote(secret, safe='')}"
    assert await start(BrokerOptions(url=f"redis://{login}@127.0.0.1:{port}/0", timeout=2.0)) == ""


@pytest.mark.parametrize(
    "shape",
    [
        "redis://user:{secret}@127.0.0.1:{port}/0",
        "redis://:{secret}@127.0.0.1:{port}/0",
        "redis+cluster://user:{secret}@127.0.0.1:{port}",
        "redis+sentinel://user:{secret}@127.0.0.1:{port}/service/0",
        "unix://user:{secret}@{socket}",
        "{secret}",
    ],
)
async def test_a_url_with_raw_characters_leaks_nothing(  # noqa: PLR0917 - fixtures
    server: RedisServer,
    port: int,
    secret: str,
    shape: str,
    looked_up: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    url = shape.format(secret=secret, port=port, socket=server.socket)
    reported = await start(BrokerOptions(url=url, timeout=1.0))
    lines = [
        line for line in reported.splitlines() if not line.startswith("    ")
    ]  # the source of tests is none
    check_secrecy(secret, "\n".join(lines), caplog.text, looked_up)
    assert all(name in {"127.0.0.1", "None"} for name in looked_up)


async def test_a_password_apart_overrides_that_of_the_url() -> None:
    pool = parse_url("redis://ann:one@h/2", 1.0, password="t:w/o").open(None)
    assert [pool.connection_kwargs[name] for name in ("username", "password", "db")] == ["ann", "t:w/o", 2]
    assert "t:w/o" not in repr(pool)


@pytest.mark.parametrize("scheme", ["redis", "rediss", "unix", "redis+sentinel", "redis+cluster"])
async def test_every_kind_of_url_takes_a_password_apart(scheme: str) -> None:
    host = "/s" if scheme == "unix" else "h:1/name/0" if scheme == "redis+sentinel" else "h:1"
    redis_url = parse_url(f"{scheme}://{host}", 1.0, user="ann", password="?#@/:")
    seed = redis_url.seeds[0] if redis_url.seeds else None
    pool = redis_url.open(seed)
    assert [pool.connection_kwargs[name] for name in ("username", "password")] == ["ann", "?#@/:"]


@pytest.mark.parametrize(
    "url",
    [
        "redis://:a/b@host",
        "redis://u:a?b@host",
        "redis://u:a#b@host",
        "redis://u:a@b/c@host",
        "unix://u:a/b@/s",
    ],
)
async def test_a_url_that_can_be_misread_is_refused_with_what_to_do(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"REDIS_PASSWORD.*percent-encode"):
        parse_url(url, 1.0)


async def test_a_socket_file_may_have_an_at_sign_in_its_name() -> None:
    assert parse_url("unix:///tmp/a@b.sock?db=1", 1.0).database == 1


async def test_a_wrong_password_is_not_repeated(
    port: int, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = f"wrong{secret}"
    reported = await start(
        BrokerOptions(url=f"redis://127.0.0.1:{port}", user=USER, password=wrong, timeout=2.0)
    )
    assert "Redis denies access" in reported
    lines = [line for line in reported.splitlines() if not line.startswith("    ")]
    check_secrecy(wrong, "\n".join(lines), caplog.text)
    await asyncio.sleep(0)
