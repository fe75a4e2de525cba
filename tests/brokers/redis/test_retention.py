"""The Redis broker bounds the number of rooms, and evicts those that were idle longest."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from brokers.base import BrokerOptions, Retention
from brokers.redis import RedisBroker
from brokers.redis.retention import RoomRetention
from brokers.testing.recorder import BrokerNode
from tests.brokers.redis.stage import Stage, stage


@pytest.fixture
async def on() -> AsyncIterator[Stage]:
    async with stage(BrokerOptions(retention=Retention(rooms=3))) as opened:
        yield opened


def rooms_of(node: BrokerNode) -> RoomRetention:
    """Return the retention of a node, which otherwise runs once a minute only."""
    assert isinstance(node.broker, RedisBroker)
    assert node.broker._node  # noqa: SLF001 - see above
    return node.broker._node.room_retention  # noqa: SLF001 - see above


async def fill(on: Stage, *rooms: str) -> None:
    for place, room in enumerate(rooms):
        await on.here.send(room, room.encode())
        await on.redis.zadd(on.keyspace.rooms, {room: place})  # as if a minute had passed between two of them


async def kept(on: Stage, *rooms: str) -> set[str]:
    return {room for room, head in (await on.there.broker.heads(rooms)).items() if head.offset}


async def test_the_rooms_that_were_quiet_longest_are_forgotten(on: Stage) -> None:
    await fill(on, "a", "b", "c", "d", "e")
    await rooms_of(on.there).enforce()
    assert await kept(on, "a", "b", "c", "d", "e") == {"c", "d", "e"}
    assert await on.redis.zrange(on.keyspace.rooms, 0, -1) == [b"c", b"d", b"e"]


async def test_an_evicted_room_starts_a_new_epoch_without_its_keys(on: Stage) -> None:
    first = await on.here.broker.publish("a", b"text", key="key")
    await on.redis.zadd(on.keyspace.rooms, {"a": 0, "b": 1, "c": 2, "d": 3})
    await rooms_of(on.there).enforce()
    again = await on.here.broker.publish("a", b"text", key="key")
    assert (again.duplicate, again.epoch == first.epoch) == (False, False)


async def test_rooms_that_a_node_is_subscribed_to_stay(on: Stage) -> None:
    await on.here.broker.subscribe("a")
    await fill(on, "a", "b", "c", "d", "e")
    for _ in range(2):
        await rooms_of(on.there).enforce()
    assert await kept(on, "a", "b", "c", "d", "e") == {"a", "d", "e"}


async def test_within_the_bound_nothing_is_forgotten(on: Stage) -> None:
    await fill(on, "a", "b", "c")
    await rooms_of(on.here).enforce()
    assert await kept(on, "a", "b", "c") == {"a", "b", "c"}


async def test_every_room_that_was_written_to_is_in_the_register(on: Stage) -> None:
    keyspace = ["", "*", "é", "a b"]
    for name in keyspace:
        await on.here.send(name, b"text")
    await on.here.broker.probe()
    assert set(await on.redis.zrange(on.keyspace.rooms, 0, -1)) == {name.encode() for name in keyspace}
