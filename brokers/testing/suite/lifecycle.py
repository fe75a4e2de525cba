"""P1 ready, P16 probe, P17 closed, P20 confirm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from brokers.base import Broker, BrokerOptions
from brokers.errors import BrokerClosed, Unavailable
from brokers.testing.backbone import Backbone, Maker
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode, Recorder


async def _emit(broker: Broker) -> None:
    broker.emit("room", b"")


METHODS: Final[dict[str, Callable[[Broker], Awaitable[object]]]] = {
    "publish": lambda broker: broker.publish("room", b"", key="key"),
    "subscribe": lambda broker: broker.subscribe("room"),
    "unsubscribe": lambda broker: broker.unsubscribe("room"),
    "history": lambda broker: broker.history("room", limit=1),
    "heads": lambda broker: broker.heads(["room"]),
    "emit": _emit,
    "probe": lambda broker: broker.probe(),
    "confirm": lambda broker: broker.confirm("room"),
}
every_method = pytest.mark.parametrize("call", METHODS.values(), ids=METHODS.keys())


@promise("P1")
@every_method
async def test_every_method_works_once_start_has_returned(
    pair: tuple[BrokerNode, BrokerNode], call: Callable[[Broker], Awaitable[object]]
) -> None:
    for node in pair:
        await call(node.broker)


@promise("P1", needs="interruption", options=BrokerOptions(timeout=1.0))
async def test_start_fails_while_the_backbone_is_unreachable_and_may_be_repeated(backbone: Backbone) -> None:
    await backbone.interrupt()
    node = backbone.node()
    received = Recorder()
    for _ in range(2):
        with pytest.raises(Unavailable):
            await node.start(received)
    await backbone.restore()
    await node.start(received)
    await node.probe()
    assert received.states == []
    await node.close()


@promise("P1", "P17")
@every_method
async def test_a_broker_that_was_not_started_raises_closed(
    backbone: Backbone, call: Callable[[Broker], Awaitable[object]]
) -> None:
    with pytest.raises(BrokerClosed):
        await call(backbone.node())


@promise("P16")
async def test_a_probe_arrives_and_is_delivered_to_no_listener(pair: tuple[BrokerNode, BrokerNode]) -> None:
    for node in pair:
        await node.broker.subscribe("room")
    await asyncio.gather(*(node.broker.probe() for node in pair * 10))
    for node in pair:
        assert not node.received.entries
        assert not node.received.signals


@promise("P16", needs="interruption", options=BrokerOptions(timeout=1.0))
async def test_a_probe_fails_while_the_backbone_is_away_and_succeeds_after(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, _ = pair
    await backbone.interrupt()
    with pytest.raises(Unavailable):
        await here.broker.probe()
    await here.received.until(lambda received: received.states == ["lost"])
    await backbone.restore()
    await here.received.until(lambda received: received.states == ["lost", "restored"])
    await here.broker.probe()


@promise("P20", needs="interruption", options=BrokerOptions(timeout=1.0))
async def test_a_room_is_confirmed_except_while_the_backbone_is_away(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    await there.broker.subscribe("room")
    await here.broker.confirm("room")
    await backbone.interrupt()
    with pytest.raises(Unavailable):
        await here.broker.confirm("room")
    await here.received.until(lambda received: received.states == ["lost"])
    await backbone.restore()
    await here.received.until(lambda received: received.states == ["lost", "restored"])
    await here.broker.confirm("room")
    assert not there.received.entries


@promise("P20")
async def test_a_confirmation_is_delivered_to_no_listener(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    await there.broker.subscribe("room")
    before = await here.broker.heads(["room"])
    await here.broker.confirm("room")
    await here.broker.probe()
    assert await here.broker.heads(["room"]) == before
    assert not there.received.entries


@promise("P17")
@every_method
async def test_a_closed_broker_raises_closed(
    pair: tuple[BrokerNode, BrokerNode], call: Callable[[Broker], Awaitable[object]]
) -> None:
    here, _ = pair
    await here.broker.close()
    with pytest.raises(BrokerClosed):
        await call(here.broker)


@promise("P17")
async def test_a_broker_is_closed_once_and_for_all(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, _ = pair
    await here.broker.close()
    await here.broker.close()
    here.broker.stats()
    with pytest.raises(BrokerClosed):
        await here.broker.start(Recorder())


@promise("P17")
async def test_nothing_is_called_back_after_close(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    for node in pair:
        await node.broker.subscribe("room")
    await here.broker.close()
    await there.send("room", b"unheard")
    there.broker.emit("room", b"unheard")
    await there.received.until(lambda received: len(received.entries) == len(received.signals) == 1)
    assert (here.received.entries, here.received.signals, here.received.states) == ([], [], [])


@promise("P17")
async def test_no_task_is_left_after_close(maker: Maker) -> None:
    async with maker(BrokerOptions()) as backbone:
        before = asyncio.all_tasks()
        broker = backbone.node()
        await broker.start(Recorder())
        await broker.subscribe("room")
        under_way = broker.publish("room", b"pending", key="key")
        await broker.close()
        assert under_way.done(), "pending publishes succeed or fail"
        assert under_way.exception() is None or isinstance(under_way.exception(), (BrokerClosed, Unavailable))
        assert asyncio.all_tasks() == before
