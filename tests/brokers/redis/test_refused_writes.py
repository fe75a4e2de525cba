"""A Redis that refuses writes is reported by name; reads, joins and starts go on, and it recovers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from brokers.base import UNWRITTEN, BrokerOptions
from brokers.errors import Unavailable, WritesRefused
from brokers.redis import RedisBroker
from brokers.redis.connection.refusals import find_refusal
from brokers.testing.recorder import BrokerNode, Recorder
from tests.brokers.redis.stage import Stage, own_server, stage
from tests.brokers.redis.users import as_user, change_user, make_user
from tests.contract.redis_server import RedisServer

Refusal: TypeAlias = Callable[[Stage, RedisServer], AbstractAsyncContextManager[None]]

SOON = BrokerOptions(timeout=2.0)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with own_server("--min-replicas-max-lag", "10", "--stop-writes-on-bgsave-error", "yes") as started:
        yield started


@asynccontextmanager
async def oom(on: Stage, _: RedisServer) -> AsyncIterator[None]:
    await on.redis.config_set("maxmemory", 1)
    yield
    await on.redis.config_set("maxmemory", 0)


@asynccontextmanager
async def noreplicas(on: Stage, _: RedisServer) -> AsyncIterator[None]:
    await on.redis.config_set("min-replicas-to-write", 1)
    yield
    await on.redis.config_set("min-replicas-to-write", 0)


@asynccontextmanager
async def misconf(on: Stage, server: RedisServer) -> AsyncIterator[None]:
    """Let a snapshot fail: its file is a folder."""
    place = server.socket.parent / "dump.rdb"
    (place / "full").mkdir(parents=True)
    await on.redis.config_set("save", "3600 1")
    await on.redis.bgsave()
    await _saved(on, "err")
    yield
    (place / "full").rmdir()
    place.rmdir()
    await on.redis.bgsave()
    await _saved(on, "ok")


async def _saved(on: Stage, status: str) -> None:
    async with asyncio.timeout(20):
        while True:
            info = await on.redis.info("persistence")
            if not info["rdb_bgsave_in_progress"] and info["rdb_last_bgsave_status"] == status:
                return


@asynccontextmanager
async def readonly(on: Stage, _: RedisServer) -> AsyncIterator[None]:
    await on.redis.replicaof("127.0.0.1", 1)
    yield
    await on.redis.replicaof("NO", "ONE")


@asynccontextmanager
async def noperm(on: Stage, _: RedisServer) -> AsyncIterator[None]:
    await change_user(on.redis, "-xadd")
    yield
    await change_user(on.redis, "+xadd")


REFUSALS: list[Refusal] = [oom, noreplicas, misconf, readonly, noperm]
NAMES: dict[Refusal, str] = {
    oom: "OOM",
    noreplicas: "NOREPLICAS",
    misconf: "MISCONF",
    readonly: "READONLY",
    noperm: "xadd|can't run",
}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a check of the node's own runs once a second
            await asyncio.sleep(0.01)


@pytest.fixture
async def on(server: RedisServer) -> AsyncIterator[Stage]:
    async with Redis.from_url(server.url) as admin:
        await make_user(admin, "~*", "&*")
    async with stage(SOON, server=server, url=as_user(server.url)) as opened:
        yield opened


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.__name__)
async def test_reads_and_joins_go_on_and_the_refusal_is_named(
    on: Stage, server: RedisServer, refusal: Refusal
) -> None:
    await on.there.broker.subscribe("known")
    await on.here.send("room", b"before")
    await on.here.send("known", b"before")
    async with refusal(on, server):
        with pytest.raises(WritesRefused, match=f"Redis refuses writes: .*({NAMES[refusal]})"):
            await on.here.broker.publish("room", b"refused", key="key")
        assert (await on.there.broker.subscribe("room")).offset == 1
        assert [entry.payload for entry in await on.there.full_history("room")] == [b"before"]
        assert {
            room: head.offset for room, head in (await on.there.broker.heads(["room", "known"])).items()
        } == {
            "room": 1,
            "known": 1,
        }
        with pytest.raises(WritesRefused, match=f"Redis refuses writes: .*({NAMES[refusal]})"):
            await on.here.broker.probe()
        assert on.here.broker.stats()["writable"] == 0
        assert on.here.broker.stats()["connected"] == 1
        on.here.broker.emit("room", b"signal")
        await on.there.received.until(lambda received: bool(received.signals))
        assert on.here.received.states == on.there.received.states == []
    await until(lambda: on.here.broker.stats()["writable"] == 1)
    await on.here.broker.probe()
    receipt = await on.here.broker.publish("room", b"refused", key="key")
    assert not receipt.duplicate
    assert [entry.payload for entry in await on.there.full_history("room")] == [b"before", b"refused"]


@pytest.mark.parametrize("refusal", [oom, noreplicas, misconf], ids=lambda refusal: refusal.__name__)
async def test_a_node_starts_and_reports_it(on: Stage, server: RedisServer, refusal: Refusal) -> None:
    await on.here.send("room", b"before")
    async with refusal(on, server):
        late = BrokerNode(RedisBroker(on.here.broker.options), Recorder())
        await late.broker.start(late.received)
        assert (await late.broker.subscribe("room")).offset == 1
        with pytest.raises(WritesRefused):
            await late.broker.probe()
    await late.broker.probe()
    await on.here.send("room", b"after")
    await late.received.count(1)
    await late.broker.close()


async def test_an_unwritten_room_can_be_joined_and_its_first_entry_begins_an_epoch(
    on: Stage, server: RedisServer
) -> None:
    async with oom(on, server):
        for node in (on.here, on.there):
            assert await node.broker.subscribe("new") == (UNWRITTEN, 0)
        assert await on.here.broker.heads(["new"]) == {"new": (UNWRITTEN, 0)}
        page = await on.here.broker.history("new", after=0, limit=5)
        assert (page.entries, page.head, page.trimmed) == ((), (UNWRITTEN, 0), False)
        assert not await on.redis.exists(on.keyspace.head("new"))
    [receipt] = await on.here.send("new", b"first")
    assert receipt.epoch != UNWRITTEN
    await on.there.received.count(1)
    [entry] = on.there.received.entries
    assert (entry.prev, entry.offset) == (0, 1), "nothing lies between"


async def test_it_is_logged_once_when_it_begins_and_once_when_it_ends(
    on: Stage, server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "brokers"):
        async with oom(on, server):
            for number in range(20):
                with pytest.raises(WritesRefused):
                    await on.here.broker.publish("room", b"text", key=f"{number}")
            for _ in range(5):
                with pytest.raises(WritesRefused):
                    await on.here.broker.probe()
        await until(lambda: on.here.broker.stats()["writable"] == 1)
    await on.there.broker.probe()
    lines = [(one.levelname, one.message) for one in caplog.records if one.name.endswith("write_check")]
    assert [line for line in lines if line == ("WARNING", "redis_writes_refused")] != []
    assert lines.count(("WARNING", "redis_writes_refused")) <= 2, "once for each node"
    assert lines.count(("INFO", "redis_writes_accepted")) == lines.count(("WARNING", "redis_writes_refused"))
    assert len(caplog.records) == len(lines), "nothing else is logged"
    [reason, *_] = [one.reason for one in caplog.records if one.message == "redis_writes_refused"]  # type: ignore[attr-defined]
    assert reason.startswith("OOM command not allowed")


async def test_a_refused_publish_is_noticed_without_a_probe(on: Stage, server: RedisServer) -> None:
    async with oom(on, server):
        with pytest.raises(WritesRefused):
            await on.here.broker.publish("room", b"text", key="key")
        await until(lambda: on.here.broker.stats()["writable"] == 0)


async def test_what_is_refused_in_one_room_only_is_no_refusal_of_writes(on: Stage) -> None:
    await on.redis.set(on.keyspace.head("broken"), "a string")
    with pytest.raises(Unavailable, match="WRONGTYPE"):
        await on.here.broker.publish("broken", b"text", key="key")
    with pytest.raises(Unavailable, match="WRONGTYPE"):
        await on.here.broker.subscribe("broken")
    await on.here.broker.probe()
    assert on.here.broker.stats()["writable"] == 1
    assert on.here.broker.stats()["refused_publishes"] == 1
    await on.here.send("room", b"text")


async def test_a_right_to_publish_that_is_lost_is_reported_though_entries_are_stored(on: Stage) -> None:
    await on.here.send("room", b"before")
    await change_user(on.redis, "-publish")
    receipt = await on.here.broker.publish("room", b"stored", key="key")
    assert (receipt.offset, receipt.duplicate) == (2, False)
    with pytest.raises(WritesRefused, match=r"(?i)publish|can't run"):
        await on.here.broker.probe()
    await change_user(on.redis, "+publish")
    assert [entry.payload for entry in await on.there.full_history("room")] == [b"before", b"stored"]
    await until(lambda: on.here.broker.stats()["writable"] == 1)


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (
            ResponseError("OOM command not allowed when used memory > 'maxmemory'."),
            "OOM command not allowed when",
        ),
        (ResponseError("@user_script: 12: -OOM command not allowed"), "OOM command not allowed"),
        (
            ResponseError("READONLY You can't write. script: abc1, on @user_script:3."),
            "READONLY You can't write.",
        ),
        (ResponseError("The user executing the script can't run this command"), "The user executing"),
        (ResponseError("WRONGTYPE Operation against a key"), ""),
        ("XADD: ERR ACL failure in script: User x has no permissions", "ACL failure in script"),
    ],
)
def test_refusals_are_recognised(error: ResponseError | str, named: str) -> None:
    assert find_refusal(error).startswith(named)
    assert bool(find_refusal(error)) == bool(named)
    assert "script: abc1" not in find_refusal(error)
