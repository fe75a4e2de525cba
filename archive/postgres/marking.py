"""Read marks in PostgreSQL, and what follows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import asyncpg

from archive.base import Mark, Unread
from archive.postgres.connections import Connection
from archive.postgres.text import decoded, encoded

# In one order, so that two nodes don't wait for each other. A user's marks of one room are merged before.
_MOVE: Final = """
INSERT INTO marks
SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bytea[])
    AS given ("user", room, epoch, "offset", at, name) ORDER BY 1, 2
ON CONFLICT ("user", room) DO UPDATE SET
    epoch = excluded.epoch, "offset" = excluded."offset", at = greatest(marks.at, excluded.at),
    name = excluded.name
WHERE CASE WHEN marks.epoch = excluded.epoch THEN excluded."offset" > marks."offset"
    ELSE excluded.at >= marks.at END
"""
_EVICT: Final = """
DELETE FROM marks WHERE "user" = $1 AND room IN (
    SELECT room FROM marks WHERE "user" = $1 ORDER BY at DESC, room OFFSET $2
)
"""
_READ: Final = """
SELECT * FROM marks WHERE "user" = $1 AND (room > $2 OR $2::bytea IS NULL) ORDER BY room LIMIT $3
"""
_READ_IN: Final = 'SELECT * FROM marks WHERE "user" = $1 AND room = ANY($2::bytea[])'
_UNREAD: Final = """
SELECT given.room, epochs.name, epochs.head, epochs.indexed, (
    SELECT count(*) FROM (
        SELECT FROM searchable WHERE searchable.epoch = epochs.id
        AND searchable."offset" > greatest(
            epochs.base, CASE epochs.name WHEN given.epoch THEN given."offset" END
        )
        AND searchable.at > $6 AND searchable.author_id IS DISTINCT FROM $4 LIMIT $5
    ) AS counted
), (
    SELECT count(*) FROM (
        SELECT FROM mentions JOIN searchable USING (epoch, "offset")
        WHERE mentions."user" = $4 AND mentions.epoch = epochs.id AND mentions."offset" > greatest(
            epochs.base, CASE epochs.name WHEN given.epoch THEN given."offset" END
        )
        AND searchable.at > $6 LIMIT $5
    ) AS counted
)
FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) AS given (room, epoch, "offset")
JOIN rooms ON rooms.name = given.room JOIN LATERAL (
    SELECT * FROM epochs WHERE epochs.room = rooms.id AND head > 0 ORDER BY id DESC LIMIT 1
) AS epochs ON true
"""

_FORGET: Final = 'DELETE FROM marks WHERE "user" = $1 AND (room = $2 OR $2::bytea IS NULL)'
_NAMED: Final = """
SELECT name, "user" FROM marks WHERE room = $1 AND name <> '' AND name = ANY($2::bytea[]) ORDER BY at
"""


async def move(connection: Connection, marks: Sequence[Mark], most: int) -> None:
    """Move marks forward, and evict those that moved longest ago."""
    if not marks:
        return
    rows = [
        (encoded(user), encoded(room), encoded(epoch), offset, at, encoded(name))
        for user, room, epoch, offset, at, name in _last(marks)
    ]
    async with connection.transaction():
        await connection.execute(_MOVE, *map(list, zip(*rows, strict=True)))
        users = sorted({row[0] for row in rows})
        await connection.executemany(_EVICT, [(user, most) for user in users])


async def read(connection: Connection, user: str, after: str | None, limit: int) -> list[Mark]:
    """Read marks of a user behind a room."""
    rows = await connection.fetch(_READ, encoded(user), None if after is None else encoded(after), limit)
    return [_mark(row) for row in rows]


async def read_in(connection: Connection, user: str, rooms: Sequence[str]) -> dict[str, Mark]:
    """Read the marks of a user in some rooms."""
    rows = await connection.fetch(_READ_IN, encoded(user), [encoded(room) for room in rooms])
    return {mark.room: mark for mark in map(_mark, rows)}


async def unread(
    connection: Connection, marks: Sequence[Mark], most: int, *, oldest: int | None
) -> dict[str, Unread]:
    """Count what follows the marks of one user."""
    if not marks:
        return {}
    rows = await connection.fetch(
        _UNREAD,
        [encoded(mark.room) for mark in marks],
        [encoded(mark.epoch) for mark in marks],
        [mark.offset for mark in marks],
        encoded(marks[0].user),
        most,
        -1 if oldest is None else oldest,
    )
    return {decoded(row[0]): Unread(decoded(row[1]), *row[2:]) for row in rows}


async def named(connection: Connection, room: str, names: Iterable[str]) -> dict[str, str]:
    """Find the users with marks in a room by their names."""
    rows = await connection.fetch(_NAMED, encoded(room), [encoded(name) for name in names])
    return {decoded(name): decoded(user) for name, user in rows}


async def forget(connection: Connection, user: str, room: str | None) -> None:
    """Remove the marks of a user, or the one in a room."""
    await connection.execute(_FORGET, encoded(user), None if room is None else encoded(room))


def _last(marks: Sequence[Mark]) -> list[Mark]:
    """Merge marks of one user in one room: one statement can't move a row twice."""
    found: dict[tuple[str, str], Mark] = {}
    for mark in marks:
        before = found.get((mark.user, mark.room))
        if before is None or before.epoch != mark.epoch or before.offset < mark.offset:
            found[mark.user, mark.room] = mark
    return list(found.values())


def _mark(row: asyncpg.Record) -> Mark:
    user, room, epoch, offset, at, name = row
    return Mark(decoded(user), decoded(room), decoded(epoch), offset, at, decoded(name))
