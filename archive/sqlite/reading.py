"""Reading: pages, heads and keys. All functions run in the database's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from archive.base import ArchivedEntry, ArchivedKey, ArchiveHead, ArchivePage, Author
from archive.sqlite.positions import MOST_OFFSET, end, position
from archive.sqlite.trimming import base_of
from archive.sqlite.writing import find_epoch

# Names that one statement asks for.
_NAMES: Final = 500

_Row: TypeAlias = tuple[int, int, int, str, bytes, str | None, str | None, str | None]

_SELECT: Final = """
SELECT prev, position & 1099511627775, at, key, payload, author_id, author_name, author_kind
FROM entries WHERE position > ? AND position < ? ORDER BY position
"""
_NEWEST: Final = """
SELECT rooms.name, epochs.id, epochs.name, epochs.head, epochs.base FROM rooms
JOIN epochs ON epochs.id = (SELECT max(id) FROM epochs WHERE epochs.room = rooms.id)
"""
_EPOCHS: Final = """
SELECT epochs.id, epochs.name, epochs.head, epochs.base FROM epochs JOIN rooms ON rooms.id = epochs.room
WHERE rooms.name = ? ORDER BY epochs.id
"""
_LAST_TIMES: Final = """
SELECT rooms.name, entries.at FROM rooms
JOIN epochs ON epochs.id = (SELECT max(id) FROM epochs WHERE epochs.room = rooms.id)
JOIN entries ON entries.position = (epochs.id << 40) + epochs.head
"""


class Place(NamedTuple):
    """Where a page lies: at most one of the three is given."""

    after: int | None
    before: int | None
    around: int | None


def page(
    connection: sqlite3.Connection, room: str, epoch: str, place: Place, *, limit: int, oldest: int | None
) -> ArchivePage:
    """Read a page; entries stored at `oldest` or before are trimmed."""
    number = find_epoch(connection, room, epoch)
    if number is None:
        return ArchivePage((), None, older=False, newer=False)
    # One transaction: the head belongs to the entries.
    connection.execute("BEGIN")
    try:
        head, base = connection.execute("SELECT head, base FROM epochs WHERE id = ?", (number,)).fetchone()
        base = base_of(connection, number, base, head, oldest)
        entries = tuple(
            ArchivedEntry(room, epoch, *row[:5], Author(*row[5:]))
            for row in _rows(connection, number, place, base, limit)
        )
        older = _is_older(connection, number, base, before=_lower_edge(entries, place))
    finally:
        connection.execute("COMMIT")
    newer = bool(entries) and entries[-1].offset < head
    return ArchivePage(entries, ArchiveHead(epoch, head, base), older=older, newer=newer)


def heads(
    connection: sqlite3.Connection, rooms: Sequence[str] | None, *, oldest: int | None
) -> dict[str, ArchiveHead]:
    """Read the heads of some rooms, or of all."""
    if rooms is None:
        found = connection.execute(_NEWEST).fetchall()
    else:
        found = [
            row
            for start in range(0, len(rooms), _NAMES)
            for row in _some(connection, rooms[start : start + _NAMES])
        ]
    return {
        room: ArchiveHead(name, head, base_of(connection, epoch, base, head, oldest))
        for room, epoch, name, head, base in found
    }


def rooms(connection: sqlite3.Connection, after: str | None, limit: int) -> list[str]:
    """Read names of rooms after a name."""
    found = connection.execute(
        "SELECT name FROM rooms WHERE name > ? OR ?1 IS NULL ORDER BY name LIMIT ?", (after, limit)
    )
    return [name for (name,) in found]


def epochs(connection: sqlite3.Connection, room: str, *, oldest: int | None) -> list[ArchiveHead]:
    """Read the heads of all epochs of a room, the oldest epoch first."""
    return [
        ArchiveHead(name, head, base_of(connection, epoch, base, head, oldest))
        for epoch, name, head, base in connection.execute(_EPOCHS, (room,)).fetchall()
    ]


def newest(connection: sqlite3.Connection, rooms: Sequence[str], *, oldest: int | None) -> dict[str, int]:
    """Read when the last entries of rooms were stored."""
    found: dict[str, int] = {}
    for start in range(0, len(rooms), _NAMES):
        some = rooms[start : start + _NAMES]
        marks = ", ".join("?" * len(some))
        found |= connection.execute(f"{_LAST_TIMES} WHERE rooms.name IN ({marks})", some).fetchall()
    return {room: at for room, at in found.items() if oldest is None or at > oldest}


def keys(
    connection: sqlite3.Connection, room: str, epoch: str, *, since: int, before: int | None, limit: int
) -> list[ArchivedKey]:
    """Read keys from the newest back, until one is older than `since`."""
    number = find_epoch(connection, room, epoch)
    if number is None:
        return []
    found = connection.execute(
        "SELECT key, position & 1099511627775, at FROM entries WHERE position > ? AND position < ?"
        " AND author_kind IS NOT 'erased'"
        " ORDER BY position DESC LIMIT ?",
        (position(number, 0), end(number) if before is None else position(number, before), limit),
    )
    read: list[ArchivedKey] = []
    for row in found:
        if row[2] < since:
            break
        read.append(ArchivedKey(*row))
    found.close()
    return read


def _rows(connection: sqlite3.Connection, epoch: int, place: Place, base: int, limit: int) -> list[_Row]:
    def following(offset: int, count: int) -> list[_Row]:
        where = (position(epoch, max(offset, base)), end(epoch), count)
        return connection.execute(f"{_SELECT} LIMIT ?", where).fetchall()

    def ahead(offset: int, count: int) -> list[_Row]:
        where = (position(epoch, base), position(epoch, offset), count)
        return connection.execute(f"{_SELECT} DESC LIMIT ?", where).fetchall()[::-1]

    if place.after is not None:
        return following(place.after, limit)
    if place.around is not None:
        first = ahead(place.around, limit // 2)
        return first + following(place.around - 1, limit - len(first))
    return ahead(MOST_OFFSET + 1 if place.before is None else place.before, limit)


def _lower_edge(entries: Sequence[ArchivedEntry], place: Place) -> int:
    """Find the offset ahead of which a page has nothing."""
    if entries:
        return entries[0].offset
    return 0 if place.after is None else place.after + 1


def _is_older(connection: sqlite3.Connection, epoch: int, base: int, *, before: int) -> bool:
    sql = "SELECT 1 FROM entries WHERE position > ? AND position < ? LIMIT 1"
    where = (position(epoch, base), position(epoch, before))
    return connection.execute(sql, where).fetchone() is not None


def _some(connection: sqlite3.Connection, rooms: Sequence[str]) -> list[tuple[str, int, str, int, int]]:
    marks = ", ".join("?" * len(rooms))
    return connection.execute(f"{_NEWEST} WHERE rooms.name IN ({marks})", rooms).fetchall()
