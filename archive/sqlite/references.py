"""References between entries: recorded with the words of a part, read by target, in the database's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeVar

from typing_extensions import override

from archive.base import ArchivedEntry, Author
from archive.references import Reference, ReferenceIndex, Referring, ReplyPage, ReplyTotal
from archive.search import Unindexed
from archive.sqlite.database import Database
from archive.sqlite.positions import MOST_OFFSET, position
from archive.sqlite.tables import execute
from archive.sqlite.trimming import base_of
from archive.sqlite.writing import find_epoch

T = TypeVar("T")

_UNRECORDED: Final = """
SELECT rooms.name, epochs.name, epochs.referred FROM epochs JOIN rooms ON rooms.id = epochs.room
WHERE epochs.referred < epochs.indexed LIMIT ?
"""
# Only of entries that are there, to earlier ones.
_RECORD: Final = """
WITH added (source, target, is_reply) AS ({rows})
INSERT OR IGNORE INTO entry_references SELECT position, target, is_reply
FROM added CROSS JOIN entries ON position = source WHERE target < position AND author_kind IS NOT 'erased'
"""
_COLUMNS: Final = """
entries.prev, entries.position & 1099511627775, entries.at, entries.key, entries.payload,
    entries.author_id, entries.author_name, entries.author_kind
"""
_CHANGES: Final = f"""
SELECT {_COLUMNS} FROM json_each(?1) AS wanted JOIN entries ON entries.position IN (
    SELECT source FROM entry_references
    WHERE target = wanted.value AND is_reply = 0 AND source > ?2 ORDER BY source DESC LIMIT ?3
) ORDER BY wanted.value, entries.position
"""  # noqa: S608  no values
_COUNT: Final = """
SELECT wanted.value & 1099511627775, (SELECT count(*) FROM (
    SELECT 1 FROM entry_references WHERE target = wanted.value AND is_reply = 1 AND source > ?2 LIMIT ?3
)), last & 1099511627775 FROM (
    SELECT value, (
        SELECT max(source) FROM entry_references
        WHERE target = value AND is_reply = 1 AND source > ?2
    ) AS last FROM json_each(?1)
) AS wanted WHERE last IS NOT NULL
"""
_REPLIES: Final = f"""
SELECT {_COLUMNS} FROM entry_references JOIN entries ON entries.position = source
WHERE target = ?1 AND is_reply = 1 AND source > ?2 AND source < ?3 ORDER BY source DESC LIMIT ?4
"""  # noqa: S608  no values


class DatabaseReader(Protocol):
    """Runs work in the database's thread, as a read."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Return what it returns."""


class SqliteReferences(ReferenceIndex):
    """The references of one database. `oldest` returns the time up to which entries are too old."""

    def __init__(self, database: Database, read: DatabaseReader, oldest: Callable[[], int | None]) -> None:
        self._database = database
        self._read = read
        self._oldest = oldest

    @override
    async def unrecorded(self, *, limit: int) -> list[Unindexed]:
        return await self._read(
            lambda: [
                Unindexed(*row) for row in self._database.connection.execute(_UNRECORDED, (limit,)).fetchall()
            ]
        )

    @override
    async def record(
        self, room: str, epoch: str, *, since: int, through: int, references: Sequence[Reference]
    ) -> bool:
        return await self._read(lambda: _record(self._database, (room, epoch), (since, through), references))

    @override
    async def find(
        self, room: str, epoch: str, targets: Sequence[int], *, most: int, most_replies: int
    ) -> Referring:
        bounds = most, most_replies
        return await self._read(
            lambda: _find(self._database.connection, (room, epoch), targets, bounds, self._oldest())
        )

    @override
    async def replies(
        self, room: str, epoch: str, target: int, *, before: int | None = None, limit: int
    ) -> ReplyPage:
        end = MOST_OFFSET + 1 if before is None else before
        return await self._read(
            lambda: _replies(self._database.connection, (room, epoch), (target, end), limit, self._oldest())
        )


def insert(connection: sqlite3.Connection, epoch: int, references: Sequence[Reference]) -> None:
    """Add the references of entries of an epoch; those that are there already are left as they are."""
    rows = [
        (position(epoch, each.offset), position(epoch, each.target), each.is_reply) for each in references
    ]
    execute(connection, _RECORD, rows)


def _record(
    database: Database, name: tuple[str, str], reach: tuple[int, int], references: Sequence[Reference]
) -> bool:
    since, through = reach
    with database.transaction() as connection:
        number = find_epoch(connection, *name)
        moved = connection.execute(
            "UPDATE epochs SET referred = ? WHERE id = ? AND referred = ?", (through, number, since)
        ).rowcount
        if number is None or not moved:
            return False
        insert(connection, number, references)
    return True


def _find(
    connection: sqlite3.Connection,
    name: tuple[str, str],
    targets: Sequence[int],
    bounds: tuple[int, int],
    oldest: int | None,
) -> Referring:
    number = find_epoch(connection, *name)
    if number is None:
        return Referring(0, (), {})
    through, base = _reach(connection, number, oldest)
    wanted = f"[{','.join(str(position(number, target)) for target in targets)}]"
    most, most_replies = bounds
    changes = tuple(_entry(name, row) for row in connection.execute(_CHANGES, (wanted, base, most)))
    counted = connection.execute(_COUNT, (wanted, base, most_replies))
    return Referring(through, changes, {target: ReplyTotal(*each) for target, *each in counted})


def _replies(
    connection: sqlite3.Connection,
    name: tuple[str, str],
    place: tuple[int, int],
    limit: int,
    oldest: int | None,
) -> ReplyPage:
    number = find_epoch(connection, *name)
    if number is None:
        return ReplyPage(0, (), older=False)
    through, base = _reach(connection, number, oldest)
    target, end = (position(number, offset) for offset in place)
    rows = connection.execute(_REPLIES, (target, base, end, limit + 1)).fetchall()
    return ReplyPage(through, tuple(_entry(name, row) for row in rows[:limit][::-1]), older=len(rows) > limit)


def _reach(connection: sqlite3.Connection, epoch: int, oldest: int | None) -> tuple[int, int]:
    """Return the offset through which references were recorded, and the last position that was trimmed."""
    head, base, through = connection.execute(
        "SELECT head, base, referred FROM epochs WHERE id = ?", (epoch,)
    ).fetchone()
    return through, position(epoch, base_of(connection, epoch, base, head, oldest))


def _entry(name: tuple[str, str], row: Sequence[object]) -> ArchivedEntry:
    prev, offset, at, key, payload, *author = row
    return ArchivedEntry(*name, prev, offset, at, key, payload, Author(*author))  # type: ignore[arg-type]
