"""P3, P4 and P6 while hundreds of callers publish, subscribe and unsubscribe at the same time."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from brokers.base import Entry
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode, chained

ROOMS = [f"room {number}" for number in range(20)]


async def _publish(node: BrokerNode, number: int) -> None:
    for count in range(5):
        await node.send(ROOMS[number % len(ROOMS)], b"%d:%d" % (number, count))


def _each_publisher_in_order(entries: list[Entry]) -> bool:
    counts: dict[bytes, list[int]] = defaultdict(list)
    for entry in entries:
        publisher, count = entry.payload.split(b":")
        counts[publisher].append(int(count))
    return all(count == [0, 1, 2, 3, 4] for count in counts.values())


@promise("P3", "P4")
async def test_hundreds_of_publishers_on_two_nodes_make_one_order(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    for node in pair:
        await asyncio.gather(*(node.broker.subscribe(room) for room in ROOMS))
    await asyncio.gather(*(_publish(pair[number // 20 % 2], number) for number in range(400)))
    for node in pair:
        await node.received.count(2000)
    for room in ROOMS:
        stored = await pair[0].full_history(room)
        assert len(stored) == 100
        assert chained(stored)
        assert _each_publisher_in_order(stored)
        for node in pair:
            assert [entry for entry in node.received.entries if entry.room == room] == stored


@promise("P6")
async def test_subscribers_miss_nothing_while_hundreds_subscribe_and_unsubscribe(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    await here.broker.subscribe("stays")

    async def come_and_go(number: int) -> None:
        room = ROOMS[number % len(ROOMS)]
        await here.broker.subscribe(room)
        await asyncio.sleep(0)
        await here.broker.unsubscribe(room)

    async with asyncio.TaskGroup() as tasks:
        for number in range(200):
            tasks.create_task(come_and_go(number))
            tasks.create_task(there.send("stays", b"%d" % number))
            tasks.create_task(there.send(ROOMS[number % len(ROOMS)], b"passing"))
    await here.received.until(lambda received: len(received.payloads("stays")) == 200)
    assert chained([entry for entry in here.received.entries if entry.room == "stays"])
