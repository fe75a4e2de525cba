"""The journal of the durable memory broker, kept in an archive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from typing import Final

from archive.base import Archive, ArchivedKey, ArchiveHead
from archive.errors import ArchiveError
from brokers.base import Entry, Page, Position
from brokers.durable.journal import Recalled, StoredKey, Write
from brokers.errors import Unavailable
from service.archiving.entries import archived
from service.archiving.labels import label_of
from service.runtime.metrics import Metrics

# Keys of one read: a room with very many doesn't hold up the commits of others.
KEYS: Final = 5_000


class ArchiveJournal:
    """Stores what the broker publishes; `brokers.durable.journal.Journal` says what each method promises.

    Attributes:
        metrics: where commits are counted.
        is_up: whether the last commit succeeded.
    """

    def __init__(self, archive: Archive, metrics: Metrics | None = None) -> None:
        self._archive = archive
        self.metrics = metrics or Metrics()
        self.is_up = True

    @property
    def epoch(self) -> str:
        """The epoch of rooms that have no entry yet."""
        return self._archive.lineage

    def append(self, batch: Sequence[Write]) -> asyncio.Future[None]:
        """Store a batch in one transaction."""
        outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        stored = self._archive.append([archived(*write) for write in batch])
        stored.add_done_callback(partial(self._committed, outcome, len(batch), perf_counter()))
        return outcome

    async def recall(self, room: str, since: int) -> Recalled:
        """Read what is known of a room."""
        with _as_unavailable():
            head = (await self._archive.heads([room])).get(room)
            if head is None:
                return Recalled(Position(self.epoch, 0), ())
            keys = [StoredKey(*key) async for key in self._keys(room, head, since)]
        return Recalled(Position(head.epoch, head.offset), tuple(reversed(keys)))

    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        """Read the last position of each room."""
        wanted = list(rooms)
        with _as_unavailable():
            found = await self._archive.heads(wanted)
        return {room: self._position(found.get(room)) for room in wanted}

    async def erase(self, room: str, epoch: str, offsets: Sequence[int], payload: bytes) -> None:
        """Replace the payloads of entries for good, and forget their keys."""
        with _as_unavailable():
            await self._archive.erase(room, epoch, offsets, payload)

    async def page(
        self, room: str, epoch: str | None, *, after: int | None, before: int | None, limit: int
    ) -> Page:
        """Read a page of an epoch of the room, by default its newest."""
        if epoch is None:
            epoch = (await self.heads([room]))[room].epoch
        with _as_unavailable():
            read = await self._archive.page(room, epoch, after=after, before=before, limit=limit)
        if read.head is None:
            return Page((), Position(epoch, 0), trimmed=False, more=False)
        entries = tuple(
            Entry(entry.room, entry.epoch, entry.prev, entry.offset, entry.payload) for entry in read.entries
        )
        head = Position(read.head.epoch, read.head.offset)
        if after is None:
            return Page(entries, head, trimmed=False, more=read.older)
        return Page(entries, head, trimmed=after < read.head.base, more=read.newer)

    def _committed(
        self, outcome: asyncio.Future[None], entries: int, started: float, stored: asyncio.Future[None]
    ) -> None:
        """Answer as the archive did, in the broker's errors, and count it."""
        error = stored.exception()
        self.is_up = error is None
        if error is None:
            self.metrics.archive_commits += 1
            self.metrics.archive_commit_entries.observe(entries)
            self.metrics.archive_commit_seconds.observe(perf_counter() - started)
        else:
            self.metrics.archive_failures.add(label_of(error))
        if outcome.done():
            return
        if error is None:
            outcome.set_result(None)
        elif isinstance(error, ArchiveError):
            outcome.set_exception(Unavailable(str(error)))
        else:
            outcome.set_exception(error)

    def _position(self, head: ArchiveHead | None) -> Position:
        return Position(self.epoch, 0) if head is None else Position(head.epoch, head.offset)

    async def _keys(self, room: str, head: ArchiveHead, since: int) -> AsyncIterator[ArchivedKey]:
        before: int | None = None
        while True:
            keys = await self._archive.keys(room, head.epoch, since=since, before=before, limit=KEYS)
            for key in keys:
                yield key
            if len(keys) < KEYS:
                return
            before = keys[-1].offset


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except ArchiveError as error:
        raise Unavailable(str(error)) from error
