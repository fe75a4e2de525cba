"""Erasing: payloads are replaced. The server's vacuum frees what it keeps of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from archive.base import ERASED
from archive.postgres.connections import Connection
from archive.postgres.text import encoded

_LOCK: Final = """
SELECT epochs.id FROM epochs JOIN rooms ON rooms.id = epochs.room
WHERE rooms.name = $1 AND epochs.name = $2 FOR UPDATE OF epochs
"""
_WORDS: Final = 'DELETE FROM searchable WHERE epoch = $1 AND "offset" = ANY($2::bigint[])'
_REFERENCES: Final = "DELETE FROM entry_references WHERE epoch = $1 AND source = ANY($2::bigint[])"
_ERASE: Final = """
WITH erased AS (
    SELECT "offset", octet_length(payload) AS size FROM entries
    WHERE epoch = $1 AND "offset" = ANY($2::bigint[]) AND author_kind IS DISTINCT FROM $4
), replaced AS (
    UPDATE entries SET key = '', author_id = NULL, author_name = NULL, author_kind = $4, payload = $3
    FROM erased WHERE entries.epoch = $1 AND entries."offset" = erased."offset"
), counted AS (
    UPDATE epochs SET bytes = bytes - (
        SELECT coalesce(sum(size - octet_length($3)), 0) FROM erased WHERE "offset" > epochs.base
    ) WHERE id = $1
)
SELECT count(*) FROM erased
"""


async def erase(connection: Connection, room: str, epoch: str, offsets: Sequence[int], payload: bytes) -> int:
    """Replace the payloads of entries; return the number of those that had not been erased."""
    async with connection.transaction():
        number = await connection.fetchval(_LOCK, encoded(room), encoded(epoch))
        if number is None:
            return 0
        await connection.execute(_WORDS, number, offsets)
        await connection.execute(_REFERENCES, number, offsets)
        return int(await connection.fetchval(_ERASE, number, offsets, payload, encoded(ERASED.kind or "")))
