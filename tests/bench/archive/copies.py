"""Rooms copied inside a database, so that an archive of many millions of messages is there in minutes.

A copy has the texts of its original, another room, and later times. The database makes it, in SQL. How
long an archive takes to store messages is measured before, with those that are appended.
"""

from __future__ import annotations

import sqlite3
from typing import Final

import asyncpg

# The first `rooms` rows of `rooms` and of `epochs` are the originals. `by` is how many rooms later a copy is,
# `later` how many milliseconds. A trigger counts the entries of an epoch.
_SQLITE: Final = (
    """
    INSERT INTO rooms (id, name)
    SELECT id + :by, 'room ' || (substr(name, 6) + :by) FROM rooms WHERE id <= :rooms
    """,
    """
    INSERT INTO epochs (id, room, name, indexed, referred)
    SELECT id + :by, room + :by, name, indexed, referred FROM epochs WHERE id <= :rooms
    """,
    """
    INSERT INTO entries
    SELECT position + (:by << 40), prev, at + :later, key, author_id, author_name, author_kind, payload
    FROM entries WHERE position < (:rooms + 1) << 40
    """,
    """
    INSERT INTO searchable
    SELECT id + (:later << 20), position + (:by << 40), author, author_id, link, edit, words, wholes
    FROM searchable WHERE position < (:rooms + 1) << 40
    """,
)
# $1 is `rooms`, $2 `by`, and $3 `later`.
_POSTGRES: Final = (
    """
    INSERT INTO rooms (id, name) OVERRIDING SYSTEM VALUE
    SELECT id + $2, convert_to('room ' || substr(convert_from(name, 'UTF8'), 6)::bigint + $2, 'UTF8')
    FROM rooms WHERE id <= $1 AND $3::bigint > 0
    """,
    """
    INSERT INTO epochs (id, room, name, head, base, entries, bytes, indexed, referred) OVERRIDING SYSTEM VALUE
    SELECT id + $2, room + $2, name, head, base, entries, bytes, indexed, referred
    FROM epochs WHERE id <= $1 AND $3::bigint > 0
    """,
    """
    INSERT INTO entries
    SELECT epoch + $2, "offset", prev, at + $3, key, author_id, author_name, author_kind, payload
    FROM entries WHERE epoch <= $1
    """,
    """
    INSERT INTO searchable SELECT epoch + $2, "offset", at + $3, author, author_id, link, edit, words
    FROM searchable WHERE epoch <= $1
    """,
)


async def copy_rooms(url: str, *, rooms: int, messages: int, times: int) -> None:
    """Copy the first `rooms` rooms, which have `messages` messages, `times` times.

    Nothing else may be connected to the database.
    """
    if url.startswith("sqlite:"):
        _copy_in_sqlite(url.removeprefix("sqlite:///"), rooms, messages, times)
    else:
        await _copy_in_postgres(url, rooms, messages, times)


def _copy_in_sqlite(path: str, rooms: int, messages: int, times: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for number in range(1, times + 1):
            values = {"rooms": rooms, "by": number * rooms, "later": number * messages}
            connection.execute("BEGIN")
            for statement in _SQLITE:
                connection.execute(statement, values)
            connection.execute("COMMIT")
    finally:
        connection.close()


async def _copy_in_postgres(url: str, rooms: int, messages: int, times: int) -> None:
    connection = await asyncpg.connect(url, timeout=60)
    try:
        for number in range(1, times + 1):
            async with connection.transaction():
                for statement in _POSTGRES:
                    await connection.execute(statement, rooms, number * rooms, number * messages)
        # What autovacuum does by and by.
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
