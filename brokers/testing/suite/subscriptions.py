"""P6 no gap, P7 quiet."""

from __future__ import annotations

import asyncio

from brokers.base import UNWRITTEN, Position
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode


@promise("P6")
async def test_subscribe_returns_the_head_and_what_follows_is_delivered(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    [before] = await here.send("room", b"before")
    head = await there.broker.subscribe("room")
    assert head == (before.epoch, before.offset)
    await here.send("room", b"after")
    await there.received.count(1)
    [entry] = there.received.entries
    assert (entry.payload, entry.prev) == (b"after", head.offset)


@promise("P6")
async def test_a_room_that_has_no_entry_yet_can_be_subscribed_and_keeps_an_epoch_that_it_has(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    head = await there.broker.subscribe("new")
    assert head.offset == 0
    [receipt] = await here.send("new", b"first")
    await there.received.count(1)
    assert there.received.entries[0].prev == 0
    assert head.epoch in (UNWRITTEN, receipt.epoch)


@promise("P6")
async def test_nothing_falls_between_the_head_and_the_first_delivery(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    rooms = [f"room {number}" for number in range(20)]
    heads: dict[str, Position] = {}

    async def publish(room: str) -> None:
        for number in range(20):
            await here.send(room, b"%d" % number)
            await asyncio.sleep(0)

    async def subscribe(room: str, turns: int) -> None:
        for _ in range(turns):  # during the publishes, at a different moment in each room
            await asyncio.sleep(0)
        heads[room] = await there.broker.subscribe(room)

    async with asyncio.TaskGroup() as tasks:
        for turns, room in enumerate(rooms):
            tasks.create_task(publish(room))
            tasks.create_task(subscribe(room, turns))
    for room in rooms:
        await here.send(room, b"last")
    await there.received.until(
        lambda received: all(received.payloads(room)[-1:] == [b"last"] for room in rooms)
    )
    for room in rooms:
        expected = (await here.broker.history(room, after=heads[room].offset, limit=100)).entries
        delivered = [entry for entry in there.received.entries if entry.room == room]
        assert [entry for entry in delivered if entry.offset > heads[room].offset] == list(expected)


@promise("P6")
async def test_a_node_receives_its_own_entries(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, _ = pair
    await here.broker.subscribe("room")
    await here.send("room", b"echo")
    await here.received.count(1)
    assert here.received.payloads("room") == [b"echo"]


@promise("P7")
async def test_nothing_is_delivered_after_unsubscribe(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    for node in pair:
        await node.broker.subscribe("room")
    await here.broker.unsubscribe("room")
    await there.send("room", b"unheard")
    there.broker.emit("room", b"unheard")
    await there.received.until(lambda received: len(received.entries) == len(received.signals) == 1)
    await here.broker.probe()
    assert (here.received.entries, here.received.signals) == ([], [])


@promise("P7")
async def test_nothing_is_delivered_for_a_room_that_is_not_subscribed(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    await here.broker.subscribe("room")
    await here.broker.unsubscribe("another")
    await there.send("another", b"unheard")
    await there.send("room", b"received")
    await here.received.count(1)
    assert [entry.room for entry in here.received.entries] == ["room"]


@promise("P7")
async def test_subscribing_twice_delivers_once_and_unsubscribing_once_ends_it(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    await here.broker.subscribe("room")
    [first] = await there.send("room", b"one")
    assert await here.broker.subscribe("room") == (first.epoch, first.offset)
    await there.send("room", b"two")
    await here.received.count(2)
    await here.broker.probe()
    assert here.received.payloads("room") == [b"one", b"two"]
    await here.broker.unsubscribe("room")
    await here.broker.unsubscribe("room")
    await there.send("room", b"three")
    await here.broker.probe()
    assert len(here.received.entries) == 2


@promise("P6", "P7")
async def test_the_last_of_many_racing_changes_counts(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair

    async def change(room: str, *, end: bool) -> None:
        for _ in range(5):
            await here.broker.subscribe(room)
            await here.broker.unsubscribe(room)
        if end:
            await here.broker.subscribe(room)

    async with asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(change(f"room {number}", end=number % 2 == 0))
    for number in range(20):
        await there.send(f"room {number}", b"text")
    await here.received.count(10)
    await here.broker.probe()
    assert {entry.room for entry in here.received.entries} == {f"room {number}" for number in range(0, 20, 2)}


@promise("P6")
async def test_subscribers_of_one_room_at_once_all_get_what_follows(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    heads = await asyncio.gather(*(here.broker.subscribe("room") for _ in range(20)))
    assert len(set(heads)) == 1
    await there.send("room", b"text")
    await here.received.count(1)
    await here.broker.probe()
    assert here.received.payloads("room") == [b"text"]
