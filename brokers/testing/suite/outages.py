"""P14 recovery, P15 honest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from brokers.base import BrokerOptions
from brokers.errors import Unavailable
from brokers.testing.backbone import Backbone
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode, Recorder


def _lost(received: Recorder) -> bool:
    return received.states[-1:] == ["lost"]


def _restored(received: Recorder) -> bool:
    return received.states[-1:] == ["restored"]


@asynccontextmanager
async def _outage(backbone: Backbone, nodes: tuple[BrokerNode, ...]) -> AsyncIterator[None]:
    """Interrupt the backbone for the block, and wait until all nodes have recovered."""
    await backbone.interrupt()
    for node in nodes:
        await node.received.until(_lost)
    yield
    await backbone.restore()
    for node in nodes:
        await node.received.until(_restored)


@promise("P14", needs="interruption", options=BrokerOptions(timeout=1.0))
async def test_after_an_outage_all_rooms_are_subscribed_again(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    rooms = {f"room {number}" for number in range(50)}
    for room in rooms:
        await here.broker.subscribe(room)
    async with _outage(backbone, pair):
        pass
    for room in rooms:
        await there.send(room, b"after")
        there.broker.emit(room, b"after")
    await here.received.until(lambda received: len(received.entries) == len(received.signals) == len(rooms))
    assert {entry.room for entry in here.received.entries} == rooms


@promise("P14", needs="interruption", options=BrokerOptions(timeout=1.0))
async def test_each_outage_and_its_end_are_reported_once(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    for _ in range(3):
        async with _outage(backbone, pair):
            pass
    for node in pair:
        assert node.received.states == ["lost", "restored"] * 3


@promise("P14", needs="interruption", options=BrokerOptions(timeout=1.0))
async def test_when_restored_is_called_everything_works(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    [before] = await here.send("room", b"before")
    head = await there.broker.subscribe("room")
    async with _outage(backbone, pair):
        pass
    [after] = await here.send("room", b"after")
    await there.received.count(1)
    assert there.received.entries[0].prev == before.offset == head.offset
    assert await there.broker.heads(["room"]) == {"room": (after.epoch, after.offset)}
    await there.broker.probe()


@promise("P14", needs="interruption", options=BrokerOptions(timeout=1.0))
async def test_a_room_left_during_the_outage_stays_left(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    for room in ("left", "kept"):
        await here.broker.subscribe(room)
    async with _outage(backbone, pair):
        await here.broker.unsubscribe("left")
    await there.send("left", b"unheard")
    await there.send("kept", b"received")
    await here.received.count(1)
    await here.broker.probe()
    assert [entry.room for entry in here.received.entries] == ["kept"]


@promise("P15", needs="interruption", options=BrokerOptions(timeout=1.0))
async def test_calls_during_an_outage_fail_within_their_time_limit(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, _ = pair
    async with _outage(backbone, pair):
        for call in (
            lambda: here.broker.publish("room", b"text", key="key"),
            lambda: here.broker.subscribe("room"),
            lambda: here.broker.history("room", limit=1),
            lambda: here.broker.heads(["room"]),
            here.broker.probe,
        ):
            async with asyncio.timeout(2 * here.broker.options.timeout):
                with pytest.raises(Unavailable):
                    await call()
        here.broker.emit("room", b"lost in silence")
        await here.broker.unsubscribe("room")


@promise("P15", needs="interruption", options=BrokerOptions(timeout=1.0))
async def test_what_was_acknowledged_around_an_outage_is_stored_once_and_in_order(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    await here.broker.publish("room", b"before", key="before")
    async with _outage(backbone, pair):
        with pytest.raises(Unavailable):
            await here.broker.publish("room", b"during", key="during")
    await here.broker.publish("room", b"during", key="during")
    await here.broker.publish("room", b"after", key="after")
    assert [entry.payload for entry in await there.full_history("room")] == [b"before", b"during", b"after"]


@promise("P15", needs="interruption", options=BrokerOptions(timeout=1.0))
async def test_a_broker_can_be_closed_while_the_backbone_is_away(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    await backbone.interrupt()
    for node in pair:
        async with asyncio.timeout(2 * node.broker.options.timeout):
            await node.broker.close()
    states = [list(node.received.states) for node in (here, there)]
    await backbone.restore()
    assert [node.received.states for node in (here, there)] == states, "the listener was called after close"
