"""The Redis broker bounds the number of rooms: it refuses new ones, and evicts those that have expired."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from brokers.base import BrokerOptions, Retention
from brokers.errors import TooManyRooms
from brokers.redis import RedisBroker
from brokers.redis.retention import RoomRetention
from brokers.testing.recorder import BrokerNode
from tests.brokers.redis.stage import Stage, stage

# Seconds; long enough that an entry does not expire while it is being tested.
AGE = 2.0


@pytest.fixture
async def on() -> AsyncIterator[Stage]:
    async with stage(BrokerOptions(retention=Retention(rooms=3, age=AGE))) as opened:
        yield opened


def rooms_of(node: BrokerNode) -> RoomRetention:
    """Return the retention of a node, which otherwise runs once a minute only."""
    assert isinstance(node.broker, RedisBroker)
    assert node.broker._node  # noqa: SLF001 - see above
    return node.broker._node.room_retention  # noqa: SLF001 - see above


async def fill(on: Stage, *rooms: str) -> None:
    """Write to rooms, as if that had been long ago."""
    for room in rooms:
        await on.here.send(room, room.encode())
    await registered(on, *rooms)
    await on.redis.zadd(on.keyspace.rooms, dict.fromkeys(rooms, 0))


async def registered(on: Stage, *rooms: str) -> None:
    """Wait until rooms are in the register."""
    while not all(  # noqa: ASYNC110 - the register reports nothing
        [await on.redis.zscore(on.keyspace.rooms, room) is not None for room in rooms]
    ):
        await asyncio.sleep(0.01)


async def kept(on: Stage, *rooms: str) -> set[str]:
    return {room for room, head in (await on.there.broker.heads(rooms)).items() if head.offset}


async def test_expired_rooms_leave_when_their_places_are_needed(on: Stage) -> None:
    await fill(on, "a", "b")
    await asyncio.sleep(AGE)
    await rooms_of(on.there).enforce()
    assert await kept(on, "a", "b") == {"a", "b"}, "two of three places may stay in use"
    await fill(on, "c")
    await rooms_of(on.there).enforce()
    assert len(await kept(on, "a", "b", "c")) == 2
    assert "c" in await kept(on, "c"), "its entry has not expired"


async def test_a_room_that_has_entries_is_never_evicted(on: Stage) -> None:
    await fill(on, "a", "b", "c")
    await rooms_of(on.there).enforce()
    assert await kept(on, "a", "b", "c") == {"a", "b", "c"}
    assert max([await on.redis.zscore(on.keyspace.rooms, room) or 0 for room in "abc"]) > 0, (
        "moved to the end"
    )


async def test_an_evicted_room_starts_a_new_epoch_without_its_keys(on: Stage) -> None:
    first = await on.here.broker.publish("a", b"text", key="key")
    await fill(on, "a", "b", "c")
    await asyncio.sleep(AGE)
    await rooms_of(on.there).enforce()
    assert len(await kept(on, "a", "b", "c")) == 2
    [gone] = {"a", "b", "c"} - await kept(on, "a", "b", "c")
    await rooms_of(on.here).count()
    again = await on.here.broker.publish(gone, b"text", key="key")
    assert (again.duplicate, again.epoch == first.epoch) == (False, False)


async def test_rooms_that_a_node_is_subscribed_to_stay(on: Stage) -> None:
    for room in ("a", "b", "c"):
        await on.here.broker.subscribe(room)
    await fill(on, "a", "b", "c")
    await asyncio.sleep(AGE)
    await rooms_of(on.there).enforce()
    assert await kept(on, "a", "b", "c") == {"a", "b", "c"}


async def test_every_node_refuses_a_room_beyond_the_bound(on: Stage) -> None:
    await fill(on, "a", "b", "c")
    await rooms_of(on.there).count()
    for node in (on.here, on.there):
        with pytest.raises(TooManyRooms, match="3 rooms have messages"):
            await node.broker.publish("d", b"text", key="key")
    assert not await on.redis.exists(on.keyspace.head("d"), on.keyspace.stream("d"))
    assert await on.redis.zscore(on.keyspace.rooms, "d") is None
    await on.there.send("a", b"more")


async def test_every_room_that_was_written_to_is_in_the_register(on: Stage) -> None:
    rooms = ["", "*", "é"]
    await on.here.broker.subscribe("joined")
    for name in rooms:
        await on.here.send(name, b"text")
    await registered(on, *rooms)
    assert set(await on.redis.zrange(on.keyspace.rooms, 0, -1)) == {name.encode() for name in rooms}
