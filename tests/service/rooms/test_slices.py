"""Pages and slices of a bounded size."""

from __future__ import annotations

from itertools import chain

from brokers.base import Entry
from service.rooms.slices import PAGE_BYTES, SLICE_BYTES, first_of, in_slices, last_of
from service.wire.responses import MessagePage
from tests.service.rooms.changing import edit, message, reply
from tests.service.rooms.test_message_pages import CountingBroker, broker, page
from tests.service.rooms.test_threads import everything
from tests.service.rooms.test_threads import page as thread_page

__all__ = ["broker"]

_LONG = "x" * 16_000


def size_of(read: MessagePage) -> int:
    return sum(len(entry.payload) for entry in read.messages)


def sized(*sizes: int) -> list[Entry]:
    return [Entry("room", "e", offset, offset + 1, bytes(size)) for offset, size in enumerate(sizes)]


async def test_each_slice_is_bounded_and_has_a_turn_of_its_own() -> None:
    turns = list[None]()

    async def turn() -> None:
        turns.append(None)

    for entries in (sized(*[0] * 500), sized(*[SLICE_BYTES // 3] * 10), sized(2 * SLICE_BYTES, 1), sized()):
        turns.clear()
        slices = [list(each) async for each in in_slices(entries, turn)]
        assert [*chain.from_iterable(slices)] == entries
        assert len(turns) == (len(slices) if len(slices) > 1 else 0)
        largest = max((len(entry.payload) for entry in entries), default=0)
        assert all(sum(len(entry.payload) for entry in each) <= SLICE_BYTES + largest for each in slices)
        assert all(len(each) <= 1 + SLICE_BYTES // 512 for each in slices)


def test_a_page_is_what_fits_and_one_entry_at_least() -> None:
    entries = sized(PAGE_BYTES, PAGE_BYTES - 1, 1, PAGE_BYTES)
    assert [entry.offset for entry in first_of(entries)] == [1]
    assert [entry.offset for entry in last_of(entries)] == [4]
    assert [entry.offset for entry in first_of(entries[1:])] == [2, 3]
    assert [entry.offset for entry in last_of(entries[:3])] == [2, 3]
    assert (first_of([]), last_of([])) == ([], [])


async def fill(broker: CountingBroker, *entries: Entry) -> None:
    for entry in entries:
        await broker.publish("room", entry.payload, key=f"{entry.offset}")


async def test_pages_of_long_messages_are_bounded_and_complete(broker: CountingBroker) -> None:
    await fill(broker, *(message(offset, _LONG) for offset in range(1, 51)))
    forwards, backwards, after, before = list[int](), list[int](), 0, 51
    while after < 50:
        read = await page(broker, 200, after=after)
        assert size_of(read) <= PAGE_BYTES
        forwards += (entry.offset for entry in read.messages)
        after = read.after
    while before > 1:
        read = await page(broker, 200, before=before)
        assert (size_of(read) <= PAGE_BYTES, read.more) == (True, read.before > 1)
        backwards[:0] = (entry.offset for entry in read.messages)
        before = read.before
    assert forwards == backwards == list(range(1, 51))


async def test_what_is_folded_into_messages_counts(broker: CountingBroker) -> None:
    changes = [edit(offset, offset - 50, _LONG) for offset in range(51, 101)]
    await fill(broker, *(message(offset, "short") for offset in range(1, 51)), *changes)
    read = await page(broker, 50, before=51)
    assert size_of(read) <= PAGE_BYTES
    first, last = read.messages[0].offset, read.messages[-1].offset
    assert (read.more, read.before, last) == (True, first, 50)
    read = await page(broker, 50, after=0)
    assert size_of(read) <= PAGE_BYTES
    assert (read.more, read.messages[0].offset, read.messages[-1].offset) == (True, 1, read.after)


async def test_pages_of_a_long_thread_are_bounded_and_complete(broker: CountingBroker) -> None:
    replies = [reply(offset, 1) for offset in range(2, 40)]
    changes = [edit(offset + 38, offset, _LONG) for offset in range(2, 40)]
    await fill(broker, message(1, _LONG), *replies, *changes)
    assert await everything(broker, 1, 50) == [*range(1, 40)]
    read = await thread_page(broker, 1, 10**9, 50)
    assert size_of(read) <= PAGE_BYTES
