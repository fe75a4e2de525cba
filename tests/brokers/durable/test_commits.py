"""One commit for a turn of the loop: stored, then answered, then delivered."""

from __future__ import annotations

import asyncio
import logging

import pytest

from brokers.errors import BrokerRefused, Unavailable
from brokers.testing.recorder import BrokerNode, chained
from tests.brokers.durable.journals import FULL, MemoryJournal
from tests.brokers.durable.stage import Clock, publish, start, turns


async def test_what_is_published_in_one_turn_is_one_commit(node: BrokerNode, journal: MemoryJournal) -> None:
    await node.broker.subscribe("room")
    await asyncio.gather(*(publish(node, str(number)) for number in range(5)))
    assert journal.batches == [[b"0", b"1", b"2", b"3", b"4"]]


async def test_while_a_commit_runs_the_next_one_gathers(node: BrokerNode, journal: MemoryJournal) -> None:
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


async def test_nothing_is_answered_or_delivered_before_the_commit(
    node: BrokerNode, journal: MemoryJournal
) -> None:
    await node.broker.subscribe("room")
    journal.is_held = True
    answer = publish(node, "text")
    await turns()
    assert journal.batches
    assert not answer.done()
    assert not node.received.entries
    assert await node.broker.heads(["room"]) == {"room": ("epoch", 0)}
    assert not (await node.broker.history("room", limit=1)).entries
    journal.let_go()
    assert (await answer).offset == 1
    assert node.received.payloads("room") == [b"text"]


async def test_a_duplicate_of_what_is_being_stored_waits_for_it(
    node: BrokerNode, journal: MemoryJournal
) -> None:
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
    node: BrokerNode, journal: MemoryJournal
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
    assert node.received.payloads("room") == [b"before", b"two", b"one"]
    assert chained(node.received.entries)
    assert node.received.entries == journal.entries("room")


async def test_while_commits_fail_reads_and_joins_go_on(node: BrokerNode, journal: MemoryJournal) -> None:
    await publish(node, "before")
    journal.error = FULL
    with pytest.raises(Unavailable):
        await publish(node, "lost")
    assert await node.broker.subscribe("room") == ("epoch", 1)
    assert await node.broker.subscribe("new") == ("epoch", 0)
    assert [entry.payload for entry in await node.full_history("room")] == [b"before"]
    node.broker.emit("room", b"signal")
    assert node.received.signals == [("room", b"signal")]


async def test_what_was_stored_though_its_commit_failed_is_found_and_delivered(
    node: BrokerNode, journal: MemoryJournal, caplog: pytest.LogCaptureFixture
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
    assert node.received.payloads("room") == [b"before", b"in doubt", b"after"]
    assert chained(node.received.entries)
    assert "commit_found" in caplog.messages


async def test_a_commit_that_takes_too_long_is_answered_and_delivered_when_it_ends(
    node: BrokerNode, journal: MemoryJournal
) -> None:
    await node.broker.subscribe("room")
    journal.is_held = True
    with pytest.raises(Unavailable, match=r"within 0\.2 s"):
        await publish(node, "slow")
    assert not node.received.entries
    journal.is_held = False
    journal.let_go()
    await node.received.count(1)
    assert await publish(node, "slow") == ("epoch", 1, True)


async def test_what_timed_out_ahead_of_its_commit_is_never_stored(
    node: BrokerNode, journal: MemoryJournal
) -> None:
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
    assert node.received.payloads("room") == [b"first", b"after"]
    assert chained(node.received.entries)


@pytest.mark.commit_limits(waiting=10)
async def test_so_many_publishes_wait_and_the_next_is_refused(
    node: BrokerNode, journal: MemoryJournal
) -> None:
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


@pytest.mark.commit_limits(batch=4)
async def test_a_commit_has_a_bound_and_the_rest_follows(node: BrokerNode, journal: MemoryJournal) -> None:
    await node.broker.subscribe("room")
    await asyncio.gather(*(publish(node, str(number)) for number in range(10)))
    assert [len(batch) for batch in journal.batches] == [4, 4, 2]


async def test_after_two_failures_it_rests_and_a_probe_ends_the_fault(
    node: BrokerNode, journal: MemoryJournal, caplog: pytest.LogCaptureFixture
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
    logged = [message for message in caplog.messages if message.startswith("archive_")]
    assert logged == ["archive_refuses_writes", "archive_writes_again"]


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


async def test_a_key_without_a_utf_8_form_harms_no_other(node: BrokerNode) -> None:
    bad, good = publish(node, "text", key="\ud800"), publish(node, "good")
    with pytest.raises(BrokerRefused, match="no UTF-8 form"):
        await bad
    assert (await good).offset == 1
