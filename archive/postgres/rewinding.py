"""Rewinding: what a broker has lost leaves the archive, with all that was derived from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from archive.entries import Rewind
from archive.postgres.connections import Connection
from archive.postgres.searching import set_words
from archive.postgres.text import encoded
from archive.search import Searchable

# An append locks the same row: it comes before, and then the head is another one, or after.
_LOCK: Final = """
SELECT epochs.id FROM epochs JOIN rooms ON rooms.id = epochs.room
WHERE rooms.name = $1 AND epochs.name = $2 AND epochs.head = $3 FOR UPDATE OF epochs
"""
_LAST: Final = """
SELECT coalesce(max("offset"), $2) FROM entries WHERE epoch = $1 AND "offset" <= $2
"""
# Both marks of the indexer move back in any case. Otherwise what a node has read already would be indexed.
_REWIND: Final = """
WITH lost AS (
    DELETE FROM entries WHERE epoch = $1 AND "offset" > $2 RETURNING "offset", octet_length(payload) AS size
)
UPDATE epochs SET
    head = $2, base = least(base, $2),
    indexed = CASE WHEN indexed > $2 THEN $2 ELSE greatest(indexed - 1, 0) END,
    referred = CASE WHEN referred > $2 THEN $2 ELSE greatest(referred - 1, 0) END,
    entries = entries - (SELECT count(*) FROM lost WHERE lost."offset" > epochs.base),
    bytes = bytes - (SELECT coalesce(sum(lost.size), 0) FROM lost WHERE lost."offset" > epochs.base)
WHERE id = $1
"""
# By the index of names. Marks without one are older than any entry that a broker may still lose.
_MARKS: Final = """
UPDATE marks SET "offset" = $3 WHERE room = $1 AND name <> '' AND epoch = $2 AND "offset" > $3
"""


async def rewind(connection: Connection, wanted: Rewind, changes: Sequence[Searchable]) -> bool:
    """Remove entries; return whether the head was the given one."""
    room, epoch = encoded(wanted.room), encoded(wanted.epoch)
    async with connection.transaction():
        number = await connection.fetchval(_LOCK, room, epoch, wanted.head)
        if number is None:
            return False
        if wanted.offset >= wanted.head:
            return True
        last = await connection.fetchval(_LAST, number, wanted.offset)
        await connection.execute(_REWIND, number, last)
        await set_words(connection, number, changes)
        await connection.execute(_MARKS, room, epoch, last)
    return True
