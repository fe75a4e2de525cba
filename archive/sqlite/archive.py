"""The SQLite archive: the contract's methods as calls of the database's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from threading import Event
from typing import TypeVar

from typing_extensions import override

from archive.base import (
    Archive,
    ArchivedEntry,
    ArchivedKey,
    ArchiveHead,
    ArchiveOptions,
    ArchivePage,
    Mark,
    Unread,
    check_place,
)
from archive.entries import Rewind
from archive.errors import ArchiveClosed, ArchiveUnavailable
from archive.references import Reference
from archive.search import FoundPage, Searchable, SearchQuery, Unindexed
from archive.sqlite import erasing, marking, reading, searching
from archive.sqlite.address import path_of
from archive.sqlite.database import Database
from archive.sqlite.erasing import Purger
from archive.sqlite.faults import translated
from archive.sqlite.references import SqliteReferences
from archive.sqlite.rewinding import rewind
from archive.sqlite.searching import Searcher
from archive.sqlite.subscriptions import SqliteSubscriptions
from archive.sqlite.trimming import Trimmer
from archive.sqlite.worker import Worker
from archive.sqlite.writing import Writer

T = TypeVar("T")


class SqliteArchive(Archive):
    """An archive in one file, for one process."""

    def __init__(self, options: ArchiveOptions) -> None:
        super().__init__(options)
        self._path = path_of(options.url)
        self._database = Database(self._path, options.clock)
        self._writer = Writer(self._database, options.retention)
        self._trimmer = Trimmer(self._database, options.retention, options.key_window)
        self._purger = Purger(self._database)
        self._searcher = Searcher(self._path)
        self._references = SqliteReferences(self._database, self._read, self._oldest)
        self._subscriptions = SqliteSubscriptions(self._database, self._read)
        self._worker: Worker | None = None
        # A search may take long: it has a thread and a connection of its own, so that commits don't wait.
        self._search_worker: Worker | None = None
        self._ended = False

    @property
    @override
    def place(self) -> str:
        return str(self._path)

    @property
    @override
    def lineage(self) -> str:
        self._running()
        return self._database.lineage

    @property
    @override
    def references(self) -> SqliteReferences:
        return self._references

    @property
    @override
    def subscriptions(self) -> SqliteSubscriptions:
        return self._subscriptions

    @override
    async def start(self) -> None:
        if self._ended:
            raise self._closed()
        worker = Worker("archive-sqlite", self.options.pending, self._closed)
        try:
            await worker.write(self._translated(self._database.open))
        except BaseException:
            await worker.stop(self._database.close)
            raise
        self._worker = worker

    @override
    async def close(self) -> None:
        self._ended = True
        if self._search_worker is not None:
            await self._search_worker.stop(self._searcher.close)
        if self._worker is not None:
            await self._worker.stop(self._translated(self._database.close))

    @override
    def append(self, batch: Sequence[ArchivedEntry]) -> asyncio.Future[None]:
        if self._worker is None:
            refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            refused.set_exception(self._closed())
            return refused
        return self._worker.write(self._translated(partial(self._append, batch)))

    @override
    async def page(
        self,
        room: str,
        epoch: str,
        *,
        after: int | None = None,
        before: int | None = None,
        around: int | None = None,
        limit: int,
    ) -> ArchivePage:
        check_place(after, before, around, limit)
        place = reading.Place(after, before, around)
        return await self._read(
            lambda: reading.page(
                self._database.connection, room, epoch, place, limit=limit, oldest=self._oldest()
            )
        )

    @override
    async def heads(self, rooms: Iterable[str] | None = None) -> dict[str, ArchiveHead]:
        names = None if rooms is None else list(dict.fromkeys(rooms))
        return await self._read(
            lambda: reading.heads(self._database.connection, names, oldest=self._oldest())
        )

    @override
    async def rooms(self, *, after: str | None = None, limit: int) -> list[str]:
        return await self._read(lambda: reading.rooms(self._database.connection, after, limit))

    @override
    async def epochs(self, room: str) -> list[ArchiveHead]:
        return await self._read(
            lambda: reading.epochs(self._database.connection, room, oldest=self._oldest())
        )

    @override
    async def newest(self, rooms: Iterable[str]) -> dict[str, int]:
        names = list(dict.fromkeys(rooms))
        return await self._read(
            lambda: reading.newest(self._database.connection, names, oldest=self._oldest())
        )

    @override
    async def keys(
        self, room: str, epoch: str, *, since: int, before: int | None = None, limit: int
    ) -> list[ArchivedKey]:
        return await self._read(
            lambda: reading.keys(
                self._database.connection, room, epoch, since=since, before=before, limit=limit
            )
        )

    @override
    async def unindexed(self, *, limit: int) -> list[Unindexed]:
        return await self._read(lambda: searching.unindexed(self._database.connection, limit))

    @override
    async def index(
        self,
        room: str,
        epoch: str,
        *,
        since: int,
        through: int,
        changes: Sequence[Searchable],
        references: Sequence[Reference] = (),
    ) -> bool:
        return await self._read(
            lambda: searching.index(self._database, (room, epoch), (since, through), changes, references)
        )

    @override
    async def search(self, query: SearchQuery, *, before: str | None = None, limit: int) -> FoundPage:
        self._running()
        oldest, seconds, cancelled = self._oldest(), self.options.timeout, Event()
        find = partial(
            self._searcher.search, query, before, limit, oldest=oldest, seconds=seconds, cancelled=cancelled
        )
        if self._search_worker is None:
            self._search_worker = Worker("archive-sqlite-search", self.options.pending, self._closed)
        try:
            return await self._answer(self._search_worker.read(self._translated(find)))
        finally:
            # The statement may still run: its caller is gone, or its time is over.
            cancelled.set()

    @override
    async def erase(self, room: str, epoch: str, offsets: Sequence[int], payload: bytes) -> int:
        work = partial(erasing.erase, self._database, room, epoch, offsets, payload)
        return await self._answer(self._running().write(self._translated(work)))

    @override
    async def rewind(
        self, room: str, epoch: str, offset: int, *, head: int, changes: Sequence[Searchable] = ()
    ) -> bool:
        wanted = Rewind(room, epoch, offset, head)
        return await self._read(lambda: rewind(self._database, wanted, changes))

    @override
    async def purge(self) -> bool:
        return await self._read(self._purger.step)

    @override
    async def mark(self, marks: Sequence[Mark], *, most: int) -> None:
        await self._read(lambda: marking.move(self._database, marks, most))

    @override
    async def marks(self, user: str, *, after: str | None = None, limit: int) -> list[Mark]:
        return await self._read(lambda: marking.read(self._database.connection, user, after, limit))

    @override
    async def marks_in(self, user: str, rooms: Iterable[str]) -> dict[str, Mark]:
        names = list(dict.fromkeys(rooms))
        return await self._read(lambda: marking.read_in(self._database.connection, user, names))

    @override
    async def unread(self, marks: Sequence[Mark], *, most: int) -> dict[str, Unread]:
        return await self._read(
            lambda: marking.unread(self._database.connection, marks, most, oldest=self._oldest())
        )

    @override
    async def named(self, room: str, names: Iterable[str]) -> dict[str, str]:
        wanted = list(dict.fromkeys(names))
        return await self._read(lambda: marking.named(self._database.connection, room, wanted))

    @override
    async def forget(self, user: str, room: str | None = None) -> None:
        await self._read(lambda: erasing.forget(self._database, user, room))

    @override
    async def trim(self) -> bool:
        if not self.options.retention.bounded:
            self._running()
            return True
        return await self._read(lambda: self._trimmer.step(self.options.clock()))

    @override
    def stats(self) -> Mapping[str, float]:
        worker = self._worker
        return {
            "bytes": self._database.size,
            "queue": float(worker.waiting if worker else 0),
            "refused": float(worker.refused if worker else 0),
        }

    def _append(self, batch: Sequence[ArchivedEntry]) -> None:
        self._writer.append(batch)
        self._database.measure()

    def _oldest(self) -> int | None:
        """Return the time (ms since 1970) up to which entries are too old."""
        age = self.options.retention.age
        return int((self.options.clock() - age) * 1000) if age else None

    async def _read(self, work: Callable[[], T]) -> T:
        return await self._answer(self._running().read(self._translated(work)))

    async def _answer(self, answer: asyncio.Future[T]) -> T:
        try:
            async with asyncio.timeout(self.options.timeout):
                return await answer
        except TimeoutError:
            raise ArchiveUnavailable(
                f"The archive {self._path} did not answer within {self.options.timeout:g} s."
            ) from None

    def _translated(self, work: Callable[[], T]) -> Callable[[], T]:
        def call() -> T:
            with translated(self._path):
                return work()

        return call

    def _running(self) -> Worker:
        if self._worker is None or self._ended:
            raise self._closed()
        return self._worker

    def _closed(self) -> ArchiveClosed:
        return ArchiveClosed(
            f"The archive {self._path} {'was closed' if self._ended else 'has not been started'}."
        )
