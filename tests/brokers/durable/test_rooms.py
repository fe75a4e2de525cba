"""Rooms are loaded from the journal when they are needed, and lose nothing when they are evicted."""

from __future__ import annotations

import asyncio

import pytest

from brokers.base import Position
from brokers.errors import Unavailable
from brokers.testing.recorder import BrokerNode
from tests.brokers.durable.journals import MemoryJournal
from tests.brokers.durable.stage import Clock, publish, start, turns


async def test_publishes_to_a_room_that_is_being_loaded_keep_their_order(
    node: BrokerNode, journal: MemoryJournal
) -> None:
    journal.gate.clear()
    answers = []
    for text in ("one", "two", "three"):
        answers.append(publish(node, text))
        await turns()
    other = publish(node, "another room is not held up", room="other")
    await turns()
    journal.gate.set()
    await asyncio.gather(*answers, other)
    assert [entry.payload for entry in journal.entries("room")] == [b"one", b"two", b"three"]
    assert journal.loads == ["room", "other"]


async def test_a_room_that_can_not_be_loaded_refuses_and_is_tried_again(
    node: BrokerNode, journal: MemoryJournal
) -> None:
    journal.unread = Unavailable("The archive is locked.")
    for call in (publish(node, "text"), node.broker.subscribe("room"), node.broker.heads(["room"])):
        with pytest.raises(Unavailable, match="is locked"):
            await call
    journal.unread = None
    assert await node.broker.subscribe("room") == ("epoch", 0)
    assert (await publish(node, "text")).offset == 1


async def test_a_load_that_takes_too_long_is_refused(node: BrokerNode, journal: MemoryJournal) -> None:
    journal.gate.clear()
    with pytest.raises(Unavailable, match=r"within 0\.2 s"):
        await publish(node, "text")
    with pytest.raises(Unavailable, match=r"within 0\.2 s"):
        await node.broker.subscribe("room")
    journal.gate.set()
    assert (await publish(node, "later")).offset == 1
    assert [entry.payload for entry in journal.entries("room")] == [b"later"]


async def test_another_process_goes_on_with_the_same_epoch_offset_and_keys(
    node: BrokerNode, journal: MemoryJournal, clock: Clock
) -> None:
    for text in ("one", "two", "three"):
        await publish(node, text)
    clock.now += 60
    after = await start(journal, clock)
    assert await after.broker.subscribe("room") == ("epoch", 3)
    assert await publish(after, "two") == ("epoch", 2, True)
    assert (await publish(after, "four")).offset == 4
    assert [entry.offset for entry in await after.full_history("room")] == [1, 2, 3, 4]
    clock.now += 50
    assert not (await publish(after, "two")).duplicate
    await after.broker.close()


async def test_a_room_without_entries_keeps_its_epoch_too(journal: MemoryJournal, clock: Clock) -> None:
    nodes = [await start(journal, clock) for _ in range(2)]
    assert {await node.broker.subscribe("new") for node in nodes} == {Position("epoch", 0)}
    for node in nodes:
        await node.broker.close()


async def test_history_reads_on_where_memory_ends(node: BrokerNode) -> None:
    for number in range(1, 21):
        await publish(node, str(number))
    assert node.broker.stats()["entries"] == 5
    for after in (0, 10, 14, 15, 19):
        page = await node.broker.history("room", after=after, limit=3)
        assert [entry.offset for entry in page.entries] == list(range(after + 1, min(after + 4, 21)))
        assert not page.trimmed
        assert page.more is (after + 3 < 20)
    for before in (21, 17, 5):
        page = await node.broker.history("room", before=before, limit=4)
        assert [entry.offset for entry in page.entries] == list(range(before - 4, before))
        assert page.more is (before > 5)


async def test_a_room_that_was_evicted_is_loaded_again(node: BrokerNode, journal: MemoryJournal) -> None:
    for room in ("one", "two", "three", "four", "five"):
        await publish(node, "text", room=room)
    assert node.broker.stats()["rooms"] == 3
    assert await publish(node, "text", room="one") == ("epoch", 1, True)
    assert (await publish(node, "more", room="one")).offset == 2
    assert journal.loads.count("one") == 2


async def test_a_room_that_is_in_use_is_not_evicted(node: BrokerNode, journal: MemoryJournal) -> None:
    await node.broker.subscribe("received")
    journal.is_held = True
    under_way = [publish(node, "text", room=f"room {number}") for number in range(5)]
    await turns()
    journal.is_held = False
    journal.let_go()
    await asyncio.gather(*under_way)
    for number in range(5):
        await publish(node, "more", room=f"room {number}")
    await publish(node, "text", room="received")
    assert node.received.payloads("received") == [b"text"]
    assert [entry.offset for entry in journal.entries("room 0")] == [1, 2]
    await publish(node, "the next new room makes room", room="last")
    assert node.broker.stats()["rooms"] == 3
