"""Pages of messages, with many changes between them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from typing_extensions import override

from brokers.base import BrokerOptions, Page, Retention
from brokers.memory import MemoryBroker
from service.rooms.changes import ChangeReader
from service.rooms.message_pages import LATER_READS, MAX_READS, read_messages
from service.wire.responses import MessagePage
from tests.service.rooms.changing import message, react
from tests.service.rooms.test_changes import Listener


class CountingBroker(MemoryBroker):
    """Counts the reads of pages that end somewhere, as a page of messages is read."""

    def __init__(self, options: BrokerOptions) -> None:
        super().__init__(options)
        self.reads = 0

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        self.reads += before is not None
        return await super().history(room, after=after, before=before, limit=limit)


@pytest.fixture
async def broker() -> AsyncIterator[CountingBroker]:
    broker = CountingBroker(BrokerOptions(retention=Retention(entries=100_000)))
    await broker.start(Listener())
    yield broker
    await broker.close()


async def fill(broker: CountingBroker, kinds: str) -> None:
    """Store a message for each `m`, and a reaction to the first entry for each `r`."""
    for offset, kind in enumerate(kinds, start=1):
        entry = message(offset, f"{offset}") if kind == "m" else react(offset, 1)
        await broker.publish("room", entry.payload, key=f"{offset}")


async def page(
    broker: CountingBroker, limit: int, *, before: int | None = None, after: int | None = None
) -> MessagePage:
    reader = ChangeReader("room", broker, None)
    return await read_messages(broker, "room", reader, before=before, after=after, limit=limit)


def offsets(read: MessagePage) -> list[int]:
    return [entry.offset for entry in read.messages]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_all_pages_together_are_all_messages_in_both_directions(
    broker: CountingBroker, limit: int
) -> None:
    await fill(broker, "mrmmrrrmrmmrrrrrrm" + "r" * 300 + "mmr")
    wanted = [1, 3, 4, 8, 10, 11, 18, 319, 320]
    backwards: list[int] = []
    read = await page(broker, limit)
    while True:
        assert len(read.messages) <= limit
        backwards[:0] = offsets(read)
        if not read.more:
            break
        read = await page(broker, limit, before=read.before)
    assert backwards == wanted
    forwards: list[int] = []
    read = await page(broker, limit, after=0)
    while True:
        assert len(read.messages) <= limit
        forwards += offsets(read)
        if not read.more:
            break
        read = await page(broker, limit, after=read.after)
    assert forwards == wanted


async def test_a_page_makes_a_bounded_number_of_reads(broker: CountingBroker) -> None:
    await fill(broker, "m" + "r" * (2 * MAX_READS * LATER_READS))
    read = await page(broker, 50, before=2 * MAX_READS * LATER_READS + 2)
    assert (offsets(read), read.more) == ([], True)
    assert broker.reads == MAX_READS
    while read.more:
        read = await page(broker, 50, before=read.before)
    assert offsets(read) == [1]


async def test_an_empty_room_is_an_empty_page(broker: CountingBroker) -> None:
    read = await page(broker, 5)
    assert (offsets(read), read.more, read.before, read.after) == ([], False, 0, 0)
