"""What only the durable broker has: one commit for a turn of the loop, and rooms that come from a journal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from brokers.base import Options, Position, Receipt, Retention
from brokers.durable import DurableBroker, DurableHub, commits
from brokers.errors import Refused, Unavailable
from brokers.testing.recorder import Node, Recorder, chained
from tests.brokers.journals import FULL, MemoryJournal

OPTIONS = Options(retention=Retention(rooms=3, entries=5), key_window=100.0, timeout=0.2)


class Clock:
    """Goes only when it's told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
async def node(journal: MemoryJournal, clock: Clock) -> AsyncIterator[Node]:
    made = await start(journal, clock)
    yield made
    journal.is_held, journal.error = False, None
    journal.let_go()
    await made.broker.close()


async def start(journal: MemoryJournal, clock: Clock) -> Node:
    """Start a node as a new process does."""
    node = Node(DurableBroker(OPTIONS, DurableHub(OPTIONS, journal, clock=clock, wall=clock)), Recorder())
    await node.broker.start(node.heard)
    return node


def publish(node: Node, text: str, room: str = "room", key: str = "") -> asyncio.Future[Receipt]:
    return node.broker.publish(room, text.encode(), key=key or text)


async def turns(count: int = 10) -> None:
    """Let everything happen that needs no waiting."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_is_published_in_one_turn_is_one_commit(node: Node, journal: MemoryJournal) -> None:
    await node.broker.subscribe("room")
    await asyncio.gather(*(publish(node, str(number)) for number in range(5)))
    assert journal.batches == [[b"0", b"1", b"2", b"3", b"4"]]


async def test_while_a_commit_runs_the_next_one_gathers(node: Node, journal: MemoryJournal) -> None:
    await node.broker.subscribe("room")
    journal.is_held = True
    answers = [publish(node, "first")]
    await turns()
    for text in ("second", "third"):
        answers.append(publish(node, text))
        await turns()
    assert journal.batches == [[b"first"]]
    journal.let_go()
    await turns()
    assert journal.batches == [[b"first"], [b"second", b"third"]]
    journal.let_go()
    assert [(await answer).offset for answer in answers] == [1, 2, 3]


async def test_nothing_is_answered_or_delivered_before_the_commit(node: Node, journal: MemoryJournal) -> None:
    await node.broker.subscribe("room")
    journal.is_held = True
    answer = publish(node, "text")
    await turns()
    assert journal.batches
    assert not answer.done()
    assert not node.heard.entries
    assert await node.broker.heads(["room"]) == {"room": ("epoch", 0)}
    assert not (await node.broker.history("room", limit=1)).entries
    journal.let_go()
    assert (await answer).offset == 1
    assert node.heard.payloads("room") == [b"text"]


async def test_a_duplicate_of_what_is_being_stored_waits_for_it(node: Node, journal: MemoryJournal) -> None:
    journal.is_held = True
    answers = [publish(node, "text", key="key") for _ in range(3)]
    await turns()
    answers.append(publish(node, "text", key="key"))
    await turns()
    assert not any(answer.done() for answer in answers)
    journal.let_go()
    receipts = await asyncio.gather(*answers)
    assert [(receipt.offset, receipt.duplicate) for receipt in receipts] == [(1, False)] + [(1, True)] * 3
    assert journal.batches == [[b"text"]]


async def test_a_failed_commit_refuses_all_of_its_messages_and_burns_no_offset(
    node: Node, journal: MemoryJournal
) -> None:
    await node.broker.subscribe("room")
    await publish(node, "before")
    journal.error = FULL
    answers = [publish(node, "one"), publish(node, "two"), publish(node, "two again", key="two")]
    for answer in answers:
        with pytest.raises(Unavailable, match="the disk is full"):
            await answer
    journal.error = None
    receipts = [await publish(node, text) for text in ("two", "one")]
    assert [(receipt.offset, receipt.duplicate) for receipt in receipts] == [(2, False), (3, False)]
    assert node.heard.payloads("room") == [b"before", b"two", b"one"]
    assert chained(node.heard.entries)
    assert node.heard.entries == journal.entries("room")


async def test_while_commits_fail_reads_and_joins_go_on(node: Node, journal: MemoryJournal) -> None:
    await publish(node, "before")
    journal.error = FULL
    with pytest.raises(Unavailable):
        await publish(node, "lost")
    assert await node.broker.subscribe("room") == ("epoch", 1)
    assert await node.broker.subscribe("new") == ("epoch", 0)
    assert [entry.payload for entry in await node.all_kept("room")] == [b"before"]
    node.broker.emit("room", b"signal")
    assert node.heard.signals == [("room", b"signal")]


async def test_what_was_stored_though_its_commit_failed_is_found_and_delivered(
    node: Node, journal: MemoryJournal, caplog: pytest.LogCaptureFixture
) -> None:
    await node.broker.subscribe("room")
    await publish(node, "before")
    journal.error, journal.stores_anyway = FULL, True
    with pytest.raises(Unavailable):
        await publish(node, "in doubt")
    journal.error = None
    with caplog.at_level(logging.WARNING):
        assert await publish(node, "again", key="in doubt") == ("epoch", 2, True)
    assert (await publish(node, "after")).offset == 3
    assert node.heard.payloads("room") == [b"before", b"in doubt", b"after"]
    assert chained(node.heard.entries)
    assert "commit_found" in caplog.messages


async def test_a_commit_that_takes_too_long_is_answered_and_delivered_when_it_ends(
    node: Node, journal: MemoryJournal
) -> None:
    await node.broker.subscribe("room")
    journal.is_held = True
    with pytest.raises(Unavailable, match=r"within 0\.2 s"):
        await publish(node, "slow")
    assert not node.heard.entries
    journal.is_held = False
    journal.let_go()
    await node.heard.count(1)
    assert await publish(node, "slow") == ("epoch", 1, True)


async def test_what_timed_out_ahead_of_its_commit_is_never_stored(node: Node, journal: MemoryJournal) -> None:
    await node.broker.subscribe("room")
    journal.is_held = True
    first = publish(node, "first")
    await turns()
    late = publish(node, "late")
    for answer in (first, late):
        with pytest.raises(Unavailable):
            await answer
    journal.is_held = False
    journal.let_go()
    await publish(node, "after")
    assert node.heard.payloads("room") == [b"first", b"after"]
    assert chained(node.heard.entries)


async def test_publishes_to_a_room_that_is_being_loaded_keep_their_order(
    node: Node, journal: MemoryJournal
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
    node: Node, journal: MemoryJournal
) -> None:
    journal.unread = Unavailable("The archive is locked.")
    for call in (publish(node, "text"), node.broker.subscribe("room"), node.broker.heads(["room"])):
        with pytest.raises(Unavailable, match="is locked"):
            await call
    journal.unread = None
    assert await node.broker.subscribe("room") == ("epoch", 0)
    assert (await publish(node, "text")).offset == 1


async def test_a_load_that_takes_too_long_is_refused(node: Node, journal: MemoryJournal) -> None:
    journal.gate.clear()
    with pytest.raises(Unavailable, match=r"within 0\.2 s"):
        await publish(node, "text")
    with pytest.raises(Unavailable, match=r"within 0\.2 s"):
        await node.broker.subscribe("room")
    journal.gate.set()
    assert (await publish(node, "later")).offset == 1
    assert [entry.payload for entry in journal.entries("room")] == [b"later"]


async def test_another_process_goes_on_with_the_same_epoch_offset_and_keys(
    node: Node, journal: MemoryJournal, clock: Clock
) -> None:
    for text in ("one", "two", "three"):
        await publish(node, text)
    clock.now += 60
    after = await start(journal, clock)
    assert await after.broker.subscribe("room") == ("epoch", 3)
    assert await publish(after, "two") == ("epoch", 2, True)
    assert (await publish(after, "four")).offset == 4
    assert [entry.offset for entry in await after.all_kept("room")] == [1, 2, 3, 4]
    clock.now += 50
    assert not (await publish(after, "two")).duplicate
    await after.broker.close()


async def test_a_room_without_entries_keeps_its_epoch_too(journal: MemoryJournal, clock: Clock) -> None:
    nodes = [await start(journal, clock) for _ in range(2)]
    assert {await node.broker.subscribe("new") for node in nodes} == {Position("epoch", 0)}
    for node in nodes:
        await node.broker.close()


async def test_history_reads_on_where_memory_ends(node: Node) -> None:
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


async def test_a_room_that_was_evicted_is_loaded_again(node: Node, journal: MemoryJournal) -> None:
    for room in ("one", "two", "three", "four", "five"):
        await publish(node, "text", room=room)
    assert node.broker.stats()["rooms"] == 3
    assert await publish(node, "text", room="one") == ("epoch", 1, True)
    assert (await publish(node, "more", room="one")).offset == 2
    assert journal.loads.count("one") == 2


async def test_a_room_that_is_in_use_is_not_evicted(node: Node, journal: MemoryJournal) -> None:
    await node.broker.subscribe("heard")
    journal.is_held = True
    under_way = [publish(node, "text", room=f"room {number}") for number in range(5)]
    await turns()
    journal.is_held = False
    journal.let_go()
    await asyncio.gather(*under_way)
    for number in range(5):
        await publish(node, "more", room=f"room {number}")
    await publish(node, "text", room="heard")
    assert node.heard.payloads("heard") == [b"text"]
    assert [entry.offset for entry in journal.entries("room 0")] == [1, 2]
    await publish(node, "the next new room makes room", room="last")
    assert node.broker.stats()["rooms"] == 3


async def test_so_many_publishes_wait_and_the_next_is_refused(
    node: Node, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "MOST_WAITING", 10)
    journal.is_held = True
    answers = [publish(node, str(number)) for number in range(12)]
    await turns()
    assert [answer.done() for answer in answers] == [False] * 10 + [True] * 2
    assert node.broker.stats()["waiting"] == 10
    journal.is_held = False
    journal.let_go()
    results = await asyncio.gather(*answers, return_exceptions=True)
    assert [isinstance(result, Unavailable) for result in results] == [False] * 10 + [True] * 2
    assert node.broker.stats()["waiting"] == 0


async def test_a_commit_has_a_bound_and_the_rest_follows(
    node: Node, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "BATCH_ENTRIES", 4)
    await node.broker.subscribe("room")
    await asyncio.gather(*(publish(node, str(number)) for number in range(10)))
    assert [len(batch) for batch in journal.batches] == [4, 4, 2]


async def test_after_two_failures_it_rests_and_a_probe_ends_the_fault(
    node: Node, journal: MemoryJournal, caplog: pytest.LogCaptureFixture
) -> None:
    journal.error = FULL
    with caplog.at_level(logging.INFO):
        for number in range(20):
            with pytest.raises(Unavailable):
                await publish(node, str(number))
        assert len(journal.batches) == 2
        with pytest.raises(Unavailable, match="the disk is full"):
            await node.broker.probe()
        journal.error = None
        await node.broker.probe()
        assert (await publish(node, "after")).offset == 1
    told = [message for message in caplog.messages if message.startswith("archive_")]
    assert told == ["archive_refuses_writes", "archive_writes_again"]


async def test_closing_waits_for_the_commit_under_way(journal: MemoryJournal, clock: Clock) -> None:
    node = await start(journal, clock)
    await node.broker.subscribe("room")
    journal.is_held = True
    answer = publish(node, "text")
    await turns()
    closing = asyncio.get_running_loop().create_task(node.broker.close())
    await turns()
    assert not closing.done()
    journal.let_go()
    await closing
    assert (await answer).offset == 1


async def test_closing_waits_no_longer_than_its_limit(journal: MemoryJournal, clock: Clock) -> None:
    node = await start(journal, clock)
    journal.is_held = True
    answer = publish(node, "text")
    await node.broker.close()
    with pytest.raises(Unavailable):
        await answer
    journal.let_go()


async def test_a_key_without_a_utf_8_form_harms_no_other(node: Node) -> None:
    bad, good = publish(node, "text", key="\ud800"), publish(node, "good")
    with pytest.raises(Refused, match="no UTF-8 form"):
        await bad
    assert (await good).offset == 1
