"""What is read ahead of one page is kept for the next one, in both directions."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from typing_extensions import override

from brokers.base import BrokerOptions, Page, Position, Retention
from brokers.memory import MemoryBroker
from service.rooms.log import RoomLog
from service.rooms.read_ahead import PAGE, ReadAhead
from tests.service.rooms.changing import message, react
from tests.service.rooms.test_changes import Listener

WINDOW = 10_000
LENGTH = 3 * WINDOW
# Each so many positions there is a reaction to the entry before it.
EVERY = 100


class CountingBroker(MemoryBroker):
    """Counts the entries that are read."""

    read = 0

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        page = await super().history(room, after=after, before=before, limit=limit)
        self.read += len(page.entries)
        return page


@pytest.fixture
async def broker() -> AsyncIterator[CountingBroker]:
    broker = CountingBroker(BrokerOptions(retention=Retention(entries=LENGTH, size=1 << 30)))
    await broker.start(Listener())
    for offset in range(1, LENGTH + 1):
        entry = react(offset, offset - 1) if offset % EVERY == 0 else message(offset, "x")
        broker.publish("room", entry.payload, key=f"{offset}")
    yield broker
    await broker.close()


def offsets(first: int, last: int) -> list[int]:
    return [offset for offset in range(EVERY, LENGTH + 1, EVERY) if first < offset <= last]


@pytest.mark.parametrize("step", [1, -1])
async def test_all_pages_together_read_each_entry_about_once_more(broker: CountingBroker, step: int) -> None:
    epoch = (await broker.heads(["room"]))["room"].epoch
    ahead = ReadAhead("room", broker, None, WINDOW)
    everything = range(LENGTH + 1)
    for after in range(0, LENGTH + 1, 200)[::step]:
        found = await ahead.changes(Position(epoch, after), everything)
        near = [change.offset for change in found if change.offset <= after + WINDOW]
        assert near == offsets(after, after + WINDOW)
    assert broker.read <= 2 * LENGTH + 200 * PAGE


async def test_the_log_ends_what_is_read(broker: CountingBroker) -> None:
    epoch = (await broker.heads(["room"]))["room"].epoch
    log = RoomLog(b'"room"', max_entries=10, max_bytes=1 << 20)
    log.restart(epoch, LENGTH - 1_000)
    ahead = ReadAhead("room", broker, log, WINDOW)
    found = await ahead.changes(Position(epoch, LENGTH - 1_250), range(LENGTH))
    assert [change.offset for change in found][:2] == offsets(LENGTH - 1_250, LENGTH - 1_000)[:2]
    assert broker.read == PAGE
    assert await ahead.changes(Position(epoch, LENGTH - 900), range(LENGTH)) == []
    assert broker.read == PAGE


async def test_nothing_is_kept_of_another_run_of_the_log(broker: CountingBroker) -> None:
    epoch = (await broker.heads(["room"]))["room"].epoch
    log = RoomLog(b'"room"', max_entries=10, max_bytes=1 << 20)
    log.restart(epoch, WINDOW)
    ahead = ReadAhead("room", broker, log, WINDOW)
    await ahead.changes(Position(epoch, WINDOW - 400), range(LENGTH))
    read = broker.read
    await ahead.changes(Position(epoch, WINDOW - 400), range(LENGTH))
    assert broker.read == read
    log.restart(epoch, WINDOW)
    await ahead.changes(Position(epoch, WINDOW - 400), range(LENGTH))
    assert broker.read > read
