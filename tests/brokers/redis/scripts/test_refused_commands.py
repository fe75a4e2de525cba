"""Redis refuses commands of a script: what is acknowledged is stored once, and a retry works afterwards."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import TypeAlias

import pytest
from redis.asyncio import Redis

from brokers.base import BrokerOptions, Entry, Receipt, Retention
from brokers.errors import Misconfigured, Unavailable, WritesRefused
from brokers.redis import RedisBroker
from brokers.redis.scripts.library import EVICT_ROOM, HISTORY, PUBLISH, LuaScript
from brokers.testing.recorder import BrokerNode, Recorder, chained
from tests.brokers.redis.stage import Stage, own_server, stage
from tests.brokers.redis.users import as_user, change_user, make_user
from tests.contract.redis_server import RedisServer

State: TypeAlias = Callable[[Stage], Awaitable[int]]
Refusal: TypeAlias = Callable[[Redis], AbstractAsyncContextManager[None]]

SMALL = BrokerOptions(retention=Retention(size=40))


def commands(script: LuaScript) -> set[str]:
    """Find the commands that a script uses; the one that publishes is an argument."""
    found = set(re.findall(r"""(?:\b(?:call|pcall|try|read)\(|\{)'([A-Z]+)'""", script.text))
    return found | ({"PUBLISH"} if "ARGV[11], ARGV[7]" in script.text else set())


def test_the_commands_of_each_script_are_known() -> None:
    assert {"HMGET", "GET", "SET", "HSET", "XADD", "XTRIM", "XINFO", "PUBLISH", "TIME"} < commands(PUBLISH)
    assert commands(HISTORY) == {"HMGET", "TIME", "XRANGE", "XREVRANGE", "XTRIM"}
    assert commands(EVICT_ROOM) == {"HGET", "XRANGE", "PUBSUB", "DEL"}


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with own_server("--min-replicas-max-lag", "10") as started:
        yield started


@asynccontextmanager
async def as_restricted(server: RedisServer, options: BrokerOptions) -> AsyncIterator[Stage]:
    async with Redis.from_url(server.url) as admin:
        await make_user(admin, "~*", "&*")
    async with stage(options, server=server, url=as_user(server.url)) as on:
        yield on


# States of a room, each with the number of its entries ---------------------------------------------


async def unwritten(_: Stage) -> int:
    return 0


async def subscribed(on: Stage) -> int:
    await on.there.broker.subscribe("room")
    return 0


async def written(on: Stage) -> int:
    await on.there.broker.subscribe("room")
    await on.here.send("room", b"one", b"two", b"three")
    return 3


async def full(on: Stage) -> int:
    await on.here.send("room", *(b"%010d" % number for number in range(8)))
    return 4  # of ten bytes each


async def taken_over(on: Stage) -> int:
    count = await written(on)
    await on.redis.hset(on.keyspace.head("room"), "r", "another server")
    return count


async def ahead(on: Stage) -> int:
    """Put the stream ahead of the hash, which is restored from an older copy."""
    await on.here.send("room", b"one")
    older = await on.redis.dump(on.keyspace.head("room")) or b""
    await on.here.send("room", b"two", b"three")
    await on.redis.restore(on.keyspace.head("room"), 0, older, replace=True)
    return 3


async def emptied(on: Stage) -> int:
    """Delete the last entry by hand, which uses up its id."""
    count = await written(on)
    await on.redis.xdel(on.keyspace.stream("room"), "3-0")
    await on.redis.hset(on.keyspace.head("room"), "o", "2")
    return count - 1


STATES: list[State] = [unwritten, subscribed, written, full, taken_over, ahead, emptied]


async def check_once(
    on: Stage, before: int, refusal: AbstractAsyncContextManager[None]
) -> BaseException | Receipt:
    """Publish while something is refused, publish again with the same key, and something else."""
    async with refusal:
        [first] = await asyncio.gather(
            on.here.broker.publish("room", b"once", key="key"), return_exceptions=True
        )
        assert isinstance(first, Unavailable | Receipt)
    retried = await on.there.broker.publish("room", b"once", key="key")
    following = await on.here.broker.publish("room", b"next", key="next")
    assert following.offset == retried.offset + 1
    kept: list[Entry] = await on.here.full_history("room")
    assert [entry.payload for entry in kept[-2:]] == [b"once", b"next"]
    assert [entry.payload for entry in kept].count(b"once") == 1
    assert [entry.offset for entry in kept[-2:]] == [retried.offset, following.offset]
    assert chained(kept)
    assert (await on.there.broker.heads(["room"]))["room"] == (following.epoch, following.offset)
    if isinstance(first, Receipt):
        assert retried == first._replace(duplicate=True), "it was acknowledged, so it is stored"
    elif before:
        assert not retried.duplicate, "it was not stored"
    again = await on.here.broker.publish("room", b"once", key="key")
    assert again == retried._replace(duplicate=True)
    return first


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize("command", sorted(commands(PUBLISH) | {"EVALSHA"}))
async def test_a_publish_of_which_one_command_is_refused(
    server: RedisServer, command: str, state: State
) -> None:
    @asynccontextmanager
    async def refused() -> AsyncIterator[None]:
        await change_user(on.redis, f"-{command.lower()}")
        yield
        await change_user(on.redis, f"+{command.lower()}")

    async with as_restricted(server, SMALL) as on:
        before = await state(on)
        head = (await on.here.broker.heads(["room"]))["room"].offset
        first = await check_once(on, before, refused())
        if isinstance(first, Receipt):
            assert first.offset > head
        elif command != "EVALSHA":
            assert isinstance(first, WritesRefused)
            assert command.lower() in str(first) or "can't run this command" in str(first)


@asynccontextmanager
async def out_of_memory(redis: Redis) -> AsyncIterator[None]:
    await redis.config_set("maxmemory-policy", "noeviction")
    await redis.config_set("maxmemory", 1)
    yield
    await redis.config_set("maxmemory", 0)


@asynccontextmanager
async def no_replicas(redis: Redis) -> AsyncIterator[None]:
    await redis.config_set("min-replicas-to-write", 1)
    yield
    await redis.config_set("min-replicas-to-write", 0)


@asynccontextmanager
async def read_only(redis: Redis) -> AsyncIterator[None]:
    await redis.replicaof("127.0.0.1", 1)
    yield
    await redis.replicaof("NO", "ONE")


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize("refusal", [out_of_memory, no_replicas, read_only])
async def test_a_publish_to_a_redis_that_refuses_writes(
    server: RedisServer, refusal: Refusal, state: State
) -> None:
    async with stage(SMALL, server=server) as on:
        before = await state(on)
        assert isinstance(await check_once_after_failover(on, before, refusal), WritesRefused)


async def check_once_after_failover(on: Stage, before: int, refusal: Refusal) -> BaseException | Receipt:
    """As `check_once`. A server that was a replica has another identity, and nodes look that up at times."""
    if refusal is not read_only:
        return await check_once(on, before, refusal(on.redis))
    async with refusal(on.redis):
        [first] = await asyncio.gather(
            on.here.broker.publish("room", b"once", key="key"), return_exceptions=True
        )
    retried = await on.there.broker.publish("room", b"once", key="key")
    assert not retried.duplicate
    kept = await on.here.full_history("room")
    assert [entry.payload for entry in kept].count(b"once") == 1
    assert chained(kept)
    assert isinstance(first, BaseException)
    return first


@pytest.mark.parametrize("state", [written, full, taken_over, ahead], ids=lambda state: state.__name__)
@pytest.mark.parametrize("key", ["head", "stream", "key"])
async def test_a_publish_while_a_key_has_another_type(server: RedisServer, key: str, state: State) -> None:
    @asynccontextmanager
    async def occupied() -> AsyncIterator[None]:
        name = on.keyspace.key("room", "key") if key == "key" else getattr(on.keyspace, key)("room")
        kept = await on.redis.dump(name)
        await on.redis.delete(name)
        await on.redis.lpush(name, "occupied")
        yield
        assert await on.redis.lrange(name, 0, -1) == [b"occupied"], "it belongs to another program"
        await on.redis.delete(name)
        if kept:
            await on.redis.restore(name, 0, kept)

    async with stage(SMALL, server=server) as on:
        before = await state(on)
        assert isinstance(await check_once(on, before, occupied()), Unavailable)
        assert not on.here.broker.stats()["refused_publishes"] > 1


@pytest.mark.parametrize("command", sorted(commands(HISTORY) - {"XTRIM"}))
async def test_a_read_of_which_one_command_is_refused_raises(server: RedisServer, command: str) -> None:
    async with as_restricted(server, SMALL) as on:
        await written(on)
        await change_user(on.redis, f"-{command.lower()}")
        reads = [on.here.broker.history("room", limit=9), on.here.broker.history("room", after=0, limit=9)]
        pages = await asyncio.gather(*reads, return_exceptions=True)
        assert any(isinstance(page, Unavailable) for page in pages)
        await change_user(on.redis, f"+{command.lower()}")
        assert len(await on.here.full_history("room")) == 3


async def test_a_read_that_may_not_trim_returns_what_is_within_the_limits(server: RedisServer) -> None:
    async with as_restricted(server, BrokerOptions()) as on:
        await on.here.send("room", *(b"%010d" % number for number in range(8)))
        await change_user(on.redis, "-xtrim")
        strict = BrokerNode(
            RedisBroker(replace(on.here.broker.options, retention=SMALL.retention)), Recorder()
        )
        with pytest.raises(Misconfigured, match=r"(?i)xtrim"):
            await strict.broker.start(strict.received)
        await change_user(on.redis, "+xtrim")
        await strict.broker.start(strict.received)
        await change_user(on.redis, "-xtrim")
        for after in (None, 0):
            page = await strict.broker.history("room", after=after, limit=9)
            assert [entry.payload for entry in page.entries] == [b"%010d" % number for number in range(4, 8)]
            assert page.trimmed == (after == 0)
        assert await on.redis.xlen(on.keyspace.stream("room")) == 8
        await strict.broker.close()


@pytest.mark.parametrize("command", [*sorted(commands(EVICT_ROOM)), "ZREM", "ZRANGE", "ZCARD"])
async def test_an_eviction_of_which_one_command_is_refused(server: RedisServer, command: str) -> None:
    async with as_restricted(server, BrokerOptions(retention=Retention(rooms=2, age=1.0))) as on:
        for place, room in enumerate(("old", "new")):
            await on.here.send(room, b"text")
            await on.redis.zadd(on.keyspace.rooms, {room: place})
            await asyncio.sleep(1.0 - place)
        assert isinstance(on.here.broker, RedisBroker)
        node = on.here.broker._node  # noqa: SLF001 - retention is enforced once a minute only
        assert node
        await change_user(on.redis, f"-{command.lower()}")
        with pytest.raises(Unavailable):
            await node.room_retention.enforce()
        assert (await on.there.broker.heads(["new"]))["new"].offset == 1
        await change_user(on.redis, f"+{command.lower()}")
        await node.room_retention.enforce()
        assert await on.redis.zrange(on.keyspace.rooms, 0, -1) == [b"new"]
        assert not await on.redis.exists(on.keyspace.head("old"), on.keyspace.stream("old"))
