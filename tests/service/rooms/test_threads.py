"""Threads in rooms that are longer than a page; `threads.json` shows the rules."""

from __future__ import annotations

import pytest

from brokers.base import Entry
from service.rooms.changes import ChangeReader
from service.rooms.log import RoomLog
from service.rooms.replies import Replies
from service.rooms.threads import MAX_READS, READ, read_thread, root_of
from service.wire.messages import decode_message
from service.wire.responses import MessagePage
from tests.service.rooms.changing import message, reply
from tests.service.rooms.test_message_pages import CountingBroker, broker

__all__ = ["broker"]


async def fill(broker: CountingBroker, entries: int, replies: dict[int, Entry]) -> None:
    for offset in range(1, entries + 1):
        entry = replies.get(offset) or message(offset, "aside")
        await broker.publish("room", entry.payload, key=f"{offset}")


async def page(broker: CountingBroker, root: int, before: int, limit: int = 10) -> MessagePage:
    reader = ChangeReader("room", broker, None)
    return await read_thread(broker, "room", reader, root, before=before, limit=limit)


async def everything(broker: CountingBroker, root: int, limit: int) -> list[int]:
    """Read a thread page by page, from the end."""
    found: list[int] = []
    read = await page(broker, root, 10**9, limit)
    while True:
        found[:0] = [entry.offset for entry in read.messages]
        if not read.more:
            return found
        read = await page(broker, root, read.before, limit)


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_a_thread_is_complete_in_pages_of_any_size(broker: CountingBroker, limit: int) -> None:
    replies = {3: reply(3, 2), 4: reply(4, 1), 700: reply(700, 3, 2), 1300: reply(1300, 700, 2)}
    await fill(broker, 1301, replies)
    assert await everything(broker, 2, limit) == [2, 3, 700, 1300]
    assert await everything(broker, 1, limit) == [1, 4]


async def test_a_page_of_a_thread_makes_a_bounded_number_of_reads(broker: CountingBroker) -> None:
    end = READ * (MAX_READS + 1)
    await fill(broker, end, {2: reply(2, 1)})
    first = await page(broker, 1, end + 1)
    assert (list(first.messages), first.more, first.before) == ([], True, READ + 1)
    assert broker.reads == MAX_READS
    second = await page(broker, 1, first.before)
    assert ([entry.offset for entry in second.messages], second.more) == ([1, 2], False)


async def test_the_root_of_a_reply_is_found_in_the_history(broker: CountingBroker) -> None:
    await fill(broker, 4, {2: reply(2, 1), 3: reply(3, 2, 1)})
    assert [await root_of(broker, "room", offset) for offset in (1, 2, 3, 9)] == [None, 1, 1, None]


async def test_replies_are_counted_before_the_log_and_in_it(broker: CountingBroker) -> None:
    await fill(broker, 8, {2: reply(2, 1), 4: reply(4, 2, 1), 7: reply(7, 1)})
    stored = (await broker.history("room", after=0, limit=10)).entries
    log = RoomLog(b'"room"', max_entries=3, max_bytes=100_000)
    log.restart(stored[0].epoch, 0)
    for entry in stored:
        log.append(entry)
    reader = ChangeReader("room", broker, log)
    [root, one] = [decode_message(entry) for entry in await reader.fold(stored[:2])]
    assert root is not None
    assert one is not None
    assert root.replies is not None
    assert (root.replies.count, root.replies.last, one.replies) == (3, 7, None)


def test_a_log_finds_its_replies_when_it_is_asked() -> None:
    log = RoomLog(b'"room"', max_entries=4, max_bytes=100_000)
    log.restart("e", 0)
    replies = Replies(log)
    for entry in (message(1, "root"), reply(2, 1), reply(3, 2, 1)):
        log.append(entry)
    assert (replies.of(1), replies.of(2), bool(replies)) == ([2, 3], [], True)
    for entry in (message(4, "x"), message(5, "x"), message(6, "x"), reply(7, 1)):
        log.append(entry)
    assert replies.of(1) == [7], "what was evicted is not in the log any more"
    log.prepend([reply(3, 2, 1)])
    assert replies.of(1) == [7], "the log is full"
    log.restart("f", 0)
    assert not replies
