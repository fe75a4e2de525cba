"""Read marks in SQLite, and what follows them. All functions run in the database's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from archive.base import Mark, Unread
from archive.sqlite.database import Database
from archive.sqlite.positions import end, position
from archive.sqlite.trimming import base_of

# Names that one statement asks for.
_NAMES: Final = 500

_MOVE: Final = """
INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user, room) DO UPDATE SET
    epoch = excluded.epoch, "offset" = excluded."offset", at = max(marks.at, excluded.at),
    name = excluded.name
WHERE CASE WHEN marks.epoch = excluded.epoch THEN excluded."offset" > marks."offset"
    ELSE excluded.at >= marks.at END
"""
_EVICT: Final = """
DELETE FROM marks WHERE user = ?1 AND room IN (
    SELECT room FROM marks WHERE user = ?1 ORDER BY at DESC, room LIMIT -1 OFFSET ?2
)
"""
_HEAD: Final = """
SELECT epochs.id, epochs.name, epochs.head, epochs.base, epochs.indexed FROM rooms
JOIN epochs ON epochs.id = (SELECT max(id) FROM epochs WHERE epochs.room = rooms.id)
WHERE rooms.name = ?
"""
_COUNT: Final = """
SELECT count(*) FROM (
    SELECT 1 FROM searchable WHERE position > ? AND position < ? AND author_id IS NOT ? LIMIT ?
)
"""
_COUNT_MENTIONS: Final = """
SELECT count(*) FROM (SELECT 1 FROM mentions WHERE position > ? AND position < ? AND user = ? LIMIT ?)
"""
_NAMED: Final = "SELECT name, user FROM marks WHERE room = ? AND name <> '' AND name IN ({}) ORDER BY at"


def move(database: Database, marks: Sequence[Mark], most: int) -> None:
    """Move marks forward, and evict those that moved longest ago."""
    with database.transaction() as connection:
        connection.executemany(_MOVE, marks)
        connection.executemany(_EVICT, [(user, most) for user in dict.fromkeys(each.user for each in marks)])


def read(connection: sqlite3.Connection, user: str, after: str | None, limit: int) -> list[Mark]:
    """Read marks of a user behind a room."""
    found = connection.execute(
        "SELECT * FROM marks WHERE user = ? AND (room > ? OR ?2 IS NULL) ORDER BY room LIMIT ?",
        (user, after, limit),
    )
    return [Mark(*row) for row in found]


def read_in(connection: sqlite3.Connection, user: str, rooms: Sequence[str]) -> dict[str, Mark]:
    """Read the marks of a user in some rooms."""
    found: dict[str, Mark] = {}
    for start in range(0, len(rooms), _NAMES):
        some = rooms[start : start + _NAMES]
        rows = connection.execute(
            f"SELECT * FROM marks WHERE user = ? AND room IN ({', '.join('?' * len(some))})",  # noqa: S608  marks, no values
            (user, *some),
        )
        found |= {mark.room: mark for mark in (Mark(*row) for row in rows)}
    return found


def unread(
    connection: sqlite3.Connection, marks: Sequence[Mark], most: int, *, oldest: int | None
) -> dict[str, Unread]:
    """Count what follows marks."""
    found: dict[str, Unread] = {}
    for mark in marks:
        row = connection.execute(_HEAD, (mark.room,)).fetchone()
        if row is None:
            continue
        number, epoch, head, base, indexed = row
        first = max(
            mark.offset if mark.epoch == epoch else 0, base_of(connection, number, base, head, oldest)
        )
        where = (position(number, first), end(number), mark.user, most)
        (count,) = connection.execute(_COUNT, where).fetchone()
        (mentions,) = connection.execute(_COUNT_MENTIONS, where).fetchone()
        found[mark.room] = Unread(epoch, head, indexed, count, mentions)
    return found


def named(connection: sqlite3.Connection, room: str, names: Sequence[str]) -> dict[str, str]:
    """Find the users with marks in a room by their names."""
    found: dict[str, str] = {}
    for start in range(0, len(names), _NAMES):
        some = names[start : start + _NAMES]
        found |= connection.execute(_NAMED.format(", ".join("?" * len(some))), (room, *some)).fetchall()
    return found
