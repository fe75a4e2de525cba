"""Pages are folded with all changes and replies, however far behind their messages those are stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.base import Archive, ArchiveOptions
from archive.sqlite import SqliteArchive
from brokers.base import BrokerOptions, Entry, Retention
from brokers.memory import MemoryBroker
from service.archiving.entries import archived
from service.archiving.indexer import read_part
from service.archiving.stored_references import StoredReferences
from service.rooms.changes import ChangeReader
from service.rooms.log import RoomLog
from service.rooms.message_pages import read_messages
from service.rooms.threads import read_thread
from tests.service.rooms.changing import delete, edit, message, react, reply
from tests.service.rooms.test_changes import Listener

# Without an archive everything is within it, with one nearly nothing.
_EVERYTHING: Final = 1_000
_WINDOW: Final = 3
_END: Final = 10**6


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Make a room in which any entry may refer to any earlier message."""
    made = [message(1, "1")]
    messages, deleted = [1], set[int]()
    for offset in range(2, draw(st.integers(2, 40))):
        target = draw(st.sampled_from(messages))
        kind = draw(st.sampled_from(["message", "message", "reply", "edit", "react", "delete"]))
        match kind:
            case "edit" if target not in deleted:
                made.append(edit(offset, target, f"edit {offset}"))
            case "react":
                made.append(react(offset, target, user=f"user {offset % 3}"))
            case "delete":
                made.append(delete(offset, target))
                deleted.add(target)
            case "reply":
                made.append(reply(offset, target))
                messages.append(offset)
            case _:
                made.append(message(offset, f"{offset}"))
                messages.append(offset)
    return made


@dataclass
class Stage:
    """A room in a broker, all of it, and in an archive that knows its references through an offset."""

    broker: MemoryBroker
    archive: Archive
    epoch: str

    def reader(self, log: RoomLog | None, *, most_replies: int = 99) -> ChangeReader:
        stored = StoredReferences(self.archive, most_replies=most_replies)
        return ChangeReader("room", self.broker, log, stored, window=_WINDOW)

    def whole(self) -> ChangeReader:
        """Return a reader that finds everything without the archive."""
        return ChangeReader("room", self.broker, None, window=_EVERYTHING)

    async def entries(self) -> list[Entry]:
        return list((await self.broker.history("room", after=0, limit=_EVERYTHING)).entries)


@asynccontextmanager
async def staged(entries: list[Entry], through: int) -> AsyncIterator[Stage]:
    broker = MemoryBroker(BrokerOptions(retention=Retention(entries=_EVERYTHING)))
    await broker.start(Listener())
    for entry in entries:
        await broker.publish("room", entry.payload, key=f"{entry.offset}")
    epoch = (await broker.heads(["room"]))["room"].epoch
    with TemporaryDirectory() as folder:
        archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{Path(folder)}/a.sqlite"))
        await archive.start()
        stage = Stage(broker, archive, epoch)
        try:
            await fill(stage, through)
            yield stage
        finally:
            await archive.close()
            await broker.close()


async def fill(stage: Stage, through: int) -> None:
    """Copy the room to the archive, and record its references through an offset."""
    stored = [archived(entry, f"{entry.offset}", entry.offset) for entry in await stage.entries()]
    await stage.archive.append(stored)
    references = read_part(stored[:through]).references
    await stage.archive.index(
        "room", stage.epoch, since=0, through=through, changes=(), references=references
    )


async def log_after(stage: Stage, base: int) -> RoomLog:
    """Make the log of a node that opened the room when it ended at an offset."""
    log = RoomLog(b'"room"', max_entries=100, max_bytes=1 << 20)
    log.restart(stage.epoch, base)
    for entry in await stage.entries():
        if entry.offset > base:
            log.append(entry)
    return log


async def pages_of(stage: Stage, reader: ChangeReader, limit: int, thread: int | None) -> list[Entry]:
    """Read all messages, or all of a thread, in pages from the end."""
    read: list[Entry] = []
    before = _END
    while True:
        if thread is None:
            page = await read_messages(stage.broker, "room", reader, before=before, limit=limit)
        else:
            page = await read_thread(stage.broker, "room", reader, thread, before=before, limit=limit)
        assert len(page.messages) <= limit
        read[:0] = page.messages
        if not page.more:
            return read
        assert page.before < before
        before = page.before


@given(histories(), st.data(), st.integers(1, 7))
@settings(max_examples=12, deadline=None)
def test_all_pages_together_are_the_whole_history_folded(
    entries: list[Entry], data: st.DataObject, limit: int
) -> None:
    end = len(entries)
    through = data.draw(st.integers(0, end), label="through")
    # The node knows the rest: from its log, or from what it reads ahead.
    base = data.draw(st.none() | st.integers(through, min(through + _WINDOW, end)), label="base")
    if base is None:
        through = max(through, end - _WINDOW)

    async def run() -> None:
        async with staged(entries, through) as stage:
            log = None if base is None else await log_after(stage, base)
            reader = stage.reader(log)
            everything = await stage.entries()
            whole = await stage.whole().fold(everything)
            assert await pages_of(stage, reader, limit, None) == whole
            for root in (1, whole[-1].offset):
                expected = await pages_of(stage, stage.whole(), 1_000, root)
                assert await pages_of(stage, reader, limit, root) == expected
            redacted = await stage.whole().redact(everything)
            for start in range(0, end, limit):
                page = await reader.redact(everything[start : start + limit])
                assert page == redacted[start : start + limit]
            for each in whole:
                found, wanted = [await one.target(each.offset, None) for one in (reader, stage.whole())]
                is_far = end - max(each.offset, through) > _WINDOW
                assert found == wanted or (found is None and is_far)

    asyncio.run(run())


def far_apart(replies: int) -> list[Entry]:
    """Make a message with replies and changes that lie further away than the window."""
    room = [message(1, "one"), *(reply(offset, 1) for offset in range(2, 2 + replies))]
    room += [message(offset, "aside") for offset in range(len(room) + 1, len(room) + 1 + 2 * _WINDOW)]
    return [*room, edit(len(room) + 1, 1, "uno"), edit(len(room) + 2, 1, "eins")]


async def test_so_many_replies_are_counted_and_the_last_changes_are_read() -> None:
    entries = far_apart(replies=8)
    async with staged(entries, 5) as stage:
        log = await log_after(stage, 5)
        [found] = await stage.reader(log, most_replies=3).fold(await first(stage))
        assert b'"replies":{"count":7,"last":9}' in found.payload, (
            "three, and the four that the archive lacks"
        )
    async with staged(entries, len(entries)) as stage:
        stored = StoredReferences(stage.archive, most_changes=1, most_replies=3)
        reader = ChangeReader("room", stage.broker, None, stored, window=_WINDOW)
        [found] = await reader.fold(await first(stage))
        assert b'"replies":{"count":3,"last":9}' in found.payload
        assert b'"text":"eins"' in found.payload
        target = await reader.target(1, None)
        assert target is not None
        assert [change.text for change in target.changes] == ["eins"]


async def test_without_the_archive_what_is_near_is_found() -> None:
    entries = far_apart(replies=2)
    async with staged(entries, len(entries)) as stage:
        reader = stage.reader(None)
        await stage.archive.close()
        [found] = await reader.fold(await first(stage))
        assert b'"replies":{"count":2,"last":3}' in found.payload
        assert await reader.target(1, None) is None, "its changes are not all known"
        assert [entry.offset for entry in await pages_of(stage, reader, 9, 1)] == [1, 2, 3]


async def first(stage: Stage) -> list[Entry]:
    return (await stage.entries())[:1]
