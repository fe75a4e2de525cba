"""The PostgreSQL archive: the contract's methods as statements on a bounded number of connections."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final, TypeVar

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
from archive.errors import ArchiveClosed, ArchiveError, ArchiveOverloaded
from archive.postgres import erasing, marking, reading, searching
from archive.postgres.address import shown
from archive.postgres.appends import Appends
from archive.postgres.connections import Connection, Connections, Work
from archive.postgres.migrations import migrate
from archive.postgres.references import PostgresReferences
from archive.postgres.rewinding import rewind
from archive.postgres.subscriptions import PostgresSubscriptions
from archive.postgres.trimming import RoomTrimmer
from archive.postgres.writing import BatchWriter
from archive.references import Reference
from archive.search import FoundPage, Searchable, SearchQuery, Unindexed

T = TypeVar("T")

_LINEAGE: Final = """
INSERT INTO properties VALUES ('lineage', $1) ON CONFLICT (name) DO NOTHING
"""
_READ_LINEAGE: Final = "SELECT value FROM properties WHERE name = 'lineage'"


class PostgresArchive(Archive):
    """An archive in a PostgreSQL database, which several nodes share."""

    shared: ClassVar[bool] = True

    def __init__(self, options: ArchiveOptions) -> None:
        super().__init__(options)
        self._place = shown(options.url)
        self._connections = Connections(options, self._place)
        self._writer = BatchWriter(self._place, options.retention)
        self._trimmer = RoomTrimmer(options.retention, options.key_window)
        self._appends = Appends(self._append)
        self._references = PostgresReferences(self._read, self._oldest)
        self._subscriptions = PostgresSubscriptions(self._read)
        self._lineage = ""
        self._started = False
        self._ended = False
        self._waiting = 0
        self._refused = 0

    @property
    @override
    def place(self) -> str:
        return self._place

    @property
    @override
    def lineage(self) -> str:
        self._running()
        return self._lineage

    @property
    @override
    def references(self) -> PostgresReferences:
        return self._references

    @property
    @override
    def subscriptions(self) -> PostgresSubscriptions:
        return self._subscriptions

    @override
    async def start(self) -> None:
        if self._ended:
            raise self._closed()
        try:
            await self._connections.open()
            self._lineage = await self._connections.write(self._prepare)
        except BaseException:
            await self._connections.close()
            raise
        self._started = True

    @override
    async def close(self) -> None:
        self._ended = True
        await self._appends.finish()
        await self._connections.close()

    @override
    def append(self, batch: Sequence[ArchivedEntry]) -> asyncio.Future[None]:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._enter()
        except ArchiveError as error:
            answer.set_exception(error)
        else:
            self._appends.add(batch, answer)
        return answer

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
        place = reading.Epoch(room, epoch, self._oldest())
        if after is not None:
            return await self._read(lambda on: reading.page_after(on, place, after, limit))
        if around is not None:
            return await self._read(lambda on: reading.page_around(on, place, around, limit))
        return await self._read(lambda on: reading.page_before(on, place, before, limit))

    @override
    async def heads(self, rooms: Iterable[str] | None = None) -> dict[str, ArchiveHead]:
        names = None if rooms is None else list(dict.fromkeys(rooms))
        return await self._read(lambda on: reading.heads(on, names, oldest=self._oldest()))

    @override
    async def rooms(self, *, after: str | None = None, limit: int) -> list[str]:
        return await self._read(lambda on: reading.rooms(on, after, limit))

    @override
    async def epochs(self, room: str) -> list[ArchiveHead]:
        return await self._read(lambda on: reading.epochs(on, room, oldest=self._oldest()))

    @override
    async def newest(self, rooms: Iterable[str]) -> dict[str, int]:
        names = list(dict.fromkeys(rooms))
        return await self._read(lambda on: reading.newest(on, names, oldest=self._oldest()))

    @override
    async def keys(
        self, room: str, epoch: str, *, since: int, before: int | None = None, limit: int
    ) -> list[ArchivedKey]:
        return await self._read(
            lambda on: reading.keys(on, room, epoch, since=since, before=before, limit=limit)
        )

    @override
    async def unindexed(self, *, limit: int) -> list[Unindexed]:
        return await self._read(lambda on: searching.unindexed(on, limit))

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
            lambda on: searching.index(on, (room, epoch), (since, through), changes, references)
        )

    @override
    async def search(self, query: SearchQuery, *, before: str | None = None, limit: int) -> FoundPage:
        seconds, oldest = self.options.timeout, self._oldest()
        return await self._read(
            lambda on: searching.search(on, query, before, limit, oldest=oldest, seconds=seconds)
        )

    @override
    async def erase(self, room: str, epoch: str, offsets: Sequence[int], payload: bytes) -> int:
        return await self._read(lambda on: erasing.erase(on, room, epoch, list(offsets), payload))

    @override
    async def rewind(
        self, room: str, epoch: str, offset: int, *, head: int, changes: Sequence[Searchable] = ()
    ) -> bool:
        return await self._read(lambda on: rewind(on, Rewind(room, epoch, offset, head), changes))

    @override
    async def purge(self) -> bool:
        self._running()
        return True

    @override
    async def mark(self, marks: Sequence[Mark], *, most: int) -> None:
        await self._read(lambda on: marking.move(on, marks, most))

    @override
    async def marks(self, user: str, *, after: str | None = None, limit: int) -> list[Mark]:
        return await self._read(lambda on: marking.read(on, user, after, limit))

    @override
    async def marks_in(self, user: str, rooms: Iterable[str]) -> dict[str, Mark]:
        names = list(dict.fromkeys(rooms))
        return await self._read(lambda on: marking.read_in(on, user, names))

    @override
    async def unread(self, marks: Sequence[Mark], *, most: int) -> dict[str, Unread]:
        return await self._read(lambda on: marking.unread(on, marks, most, oldest=self._oldest()))

    @override
    async def named(self, room: str, names: Iterable[str]) -> dict[str, str]:
        wanted = list(dict.fromkeys(names))
        return await self._read(lambda on: marking.named(on, room, wanted))

    @override
    async def forget(self, user: str, room: str | None = None) -> None:
        await self._read(lambda on: marking.forget(on, user, room))

    @override
    async def trim(self) -> bool:
        if not self.options.retention.bounded:
            self._running()
            return True
        return await self._read(lambda on: self._trimmer.step(on, self.options.clock()))

    @override
    def stats(self) -> Mapping[str, float]:
        return {"queue": float(self._waiting), "refused": float(self._refused)}

    async def _prepare(self, connection: Connection) -> str:
        await migrate(connection, self._place)
        found = await connection.fetchval(_READ_LINEAGE)
        if found is None:
            await connection.execute(_LINEAGE, secrets.token_hex(6))
            found = await connection.fetchval(_READ_LINEAGE)
        return str(found)

    async def _append(self, batch: Sequence[ArchivedEntry]) -> None:
        try:
            await self._connections.write(lambda on: self._writer.append(on, batch))
        finally:
            self._waiting -= 1

    async def _read(self, work: Work[T]) -> T:
        self._enter()
        try:
            return await self._connections.read(work)
        finally:
            self._waiting -= 1

    def _oldest(self) -> int | None:
        """Return the time (ms since 1970) up to which entries are too old."""
        age = self.options.retention.age
        return int((self.options.clock() - age) * 1000) if age else None

    def _enter(self) -> None:
        """Count a call that waits, or refuse it."""
        self._running()
        if self._waiting >= self.options.pending:
            self._refused += 1
            raise ArchiveOverloaded(f"{self._waiting} calls wait for the archive already; try again later.")
        self._waiting += 1

    def _running(self) -> None:
        if not self._started or self._ended:
            raise self._closed()

    def _closed(self) -> ArchiveClosed:
        return ArchiveClosed(
            f"The archive {self._place} {'was closed' if self._ended else 'has not been started'}."
        )
