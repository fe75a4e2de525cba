"""Reading: pages, heads and keys. A page is one statement, so that its head belongs to its entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import asyncpg

from archive.base import ArchivedEntry, ArchivedKey, ArchiveHead, ArchivePage
from archive.postgres.connections import Connection
from archive.postgres.rows import COLUMNS, entry_of
from archive.postgres.text import decoded, encoded

_BEYOND: Final = 2**63 - 1


def _base(oldest: str) -> str:
    """Return the offset up to which an epoch is trimmed: beyond the retention, or too old."""
    return f"""
CASE WHEN {oldest}::bigint IS NULL THEN epochs.base ELSE coalesce((
    SELECT greatest(epochs.base, entries.prev) FROM entries
    WHERE entries.epoch = epochs.id AND entries."offset" > epochs.base AND entries.at > {oldest}
    ORDER BY entries."offset" LIMIT 1
), epochs.head) END AS base
"""  # noqa: S608  the name of a parameter


# How far an epoch goes: `id`, `head`, `base`, `referred`.
REACH: Final = f"""
WITH reach AS MATERIALIZED (
    SELECT epochs.id, epochs.head, epochs.referred, {_base("$3")}
    FROM epochs JOIN rooms ON rooms.id = epochs.room WHERE rooms.name = $1 AND epochs.name = $2
)
"""  # noqa: S608  no values
_COLUMNS: Final = COLUMNS.format(table="entries")
# An unknown epoch has no row; one without entries in the page has a row with nulls.
_AFTER: Final = f"""{REACH}
SELECT reach.head, reach.base, EXISTS (
    SELECT FROM entries WHERE epoch = reach.id AND "offset" > reach.base AND "offset" <= $4
) AS older, found.*
FROM reach LEFT JOIN LATERAL (
    SELECT {_COLUMNS} FROM entries
    WHERE epoch = reach.id AND "offset" > greatest($4, reach.base) ORDER BY "offset" LIMIT $5
) AS found ON true ORDER BY "offset"
"""  # noqa: S608  no values
_BEFORE: Final = f"""{REACH}
SELECT reach.head, reach.base, false AS older, found.*
FROM reach LEFT JOIN LATERAL (
    SELECT {_COLUMNS} FROM entries
    WHERE epoch = reach.id AND "offset" > reach.base AND "offset" < $4 ORDER BY "offset" DESC LIMIT $5
) AS found ON true ORDER BY "offset"
"""  # noqa: S608  no values
_HEADS: Final = f"""
SELECT rooms.name, epochs.name, epochs.head, {_base("$1")}
FROM rooms JOIN LATERAL (
    SELECT * FROM epochs WHERE epochs.room = rooms.id AND head > 0 ORDER BY id DESC LIMIT 1
) AS epochs ON true
"""  # noqa: S608  no values
_EPOCHS: Final = f"""
SELECT epochs.name, epochs.head, {_base("$2")}
FROM epochs JOIN rooms ON rooms.id = epochs.room WHERE rooms.name = $1 AND head > 0 ORDER BY epochs.id
"""  # noqa: S608  no values
_ROOMS: Final = "SELECT name FROM rooms WHERE name > $1 OR $1::bytea IS NULL ORDER BY name LIMIT $2"
_KEYS: Final = """
SELECT key, "offset", at FROM entries JOIN epochs ON epochs.id = entries.epoch
JOIN rooms ON rooms.id = epochs.room
WHERE rooms.name = $1 AND epochs.name = $2 AND "offset" < $3 AND author_kind IS DISTINCT FROM 'erased'::bytea
ORDER BY "offset" DESC LIMIT $4
"""
_LAST_TIMES: Final = """
SELECT rooms.name, entries.at
FROM rooms JOIN LATERAL (
    SELECT id, head FROM epochs WHERE epochs.room = rooms.id AND head > 0 ORDER BY id DESC LIMIT 1
) AS epochs ON true JOIN entries ON entries.epoch = epochs.id AND entries."offset" = epochs.head
WHERE rooms.name = ANY($1::bytea[]) AND ($2::bigint IS NULL OR entries.at > $2)
"""


class Epoch(NamedTuple):
    """One epoch of a room, and the time (ms since 1970) up to which its entries are too old."""

    room: str
    name: str
    oldest: int | None


async def page_after(connection: Connection, epoch: Epoch, offset: int, limit: int) -> ArchivePage:
    """Read the first entries after an offset."""
    rows = await connection.fetch(_AFTER, *arguments(epoch), min(offset, _BEYOND), limit)
    return _page(epoch, rows, older=bool(rows) and rows[0]["older"])


async def page_before(connection: Connection, epoch: Epoch, offset: int | None, limit: int) -> ArchivePage:
    """Read the last entries ahead of an offset, or the last of all."""
    place = _BEYOND if offset is None else min(offset, _BEYOND)
    rows = await connection.fetch(_BEFORE, *arguments(epoch), place, limit + 1)
    older = len(rows) > limit
    return _page(epoch, rows[1:] if older else rows, older=older)


async def page_around(connection: Connection, epoch: Epoch, offset: int, limit: int) -> ArchivePage:
    """Read entries on both sides of an offset."""
    ahead = limit // 2
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        before = await page_before(connection, epoch, offset, ahead) if ahead else None
        first = before.entries if before else ()
        after = await page_after(connection, epoch, offset - 1, limit - len(first))
    older = before.older if before else after.older
    return after._replace(entries=first + after.entries, older=older, newer=_is_newer(first, after))


async def heads(
    connection: Connection, rooms: Sequence[str] | None, *, oldest: int | None
) -> dict[str, ArchiveHead]:
    """Read the heads of some rooms, or of all."""
    if rooms is None:
        rows = await connection.fetch(_HEADS, oldest)
    else:
        names = [encoded(room) for room in rooms]
        rows = await connection.fetch(f"{_HEADS} WHERE rooms.name = ANY($2::bytea[])", oldest, names)
    return {decoded(room): ArchiveHead(decoded(name), head, base) for room, name, head, base in rows}


async def rooms(connection: Connection, after: str | None, limit: int) -> list[str]:
    """Read names of rooms after a name."""
    rows = await connection.fetch(_ROOMS, None if after is None else encoded(after), limit)
    return [decoded(name) for (name,) in rows]


async def epochs(connection: Connection, room: str, *, oldest: int | None) -> list[ArchiveHead]:
    """Read the heads of all epochs of a room, the oldest epoch first."""
    rows = await connection.fetch(_EPOCHS, encoded(room), oldest)
    return [ArchiveHead(decoded(name), head, base) for name, head, base in rows]


async def newest(connection: Connection, rooms: Sequence[str], *, oldest: int | None) -> dict[str, int]:
    """Read when the last entries of rooms were stored."""
    rows = await connection.fetch(_LAST_TIMES, [encoded(room) for room in rooms], oldest)
    return {decoded(room): at for room, at in rows}


async def keys(
    connection: Connection, room: str, epoch: str, *, since: int, before: int | None, limit: int
) -> list[ArchivedKey]:
    """Read keys from the newest back, until one is older than `since`."""
    place = _BEYOND if before is None else before
    rows = await connection.fetch(_KEYS, encoded(room), encoded(epoch), place, limit)
    read: list[ArchivedKey] = []
    for key, offset, at in rows:
        if at < since:
            break
        read.append(ArchivedKey(decoded(key), offset, at))
    return read


def arguments(epoch: Epoch) -> tuple[bytes, bytes, int | None]:
    """Return the first arguments of a statement that begins with `REACH`."""
    return encoded(epoch.room), encoded(epoch.name), epoch.oldest


def _page(epoch: Epoch, rows: Sequence[asyncpg.Record], *, older: bool) -> ArchivePage:
    if not rows:
        return ArchivePage((), None, older=False, newer=False)
    head = ArchiveHead(epoch.name, rows[0]["head"], rows[0]["base"])
    entries = tuple(entry_of(epoch.room, epoch.name, row) for row in rows if row["offset"] is not None)
    newer = bool(entries) and entries[-1].offset < head.offset
    return ArchivePage(entries, head, older=older, newer=newer)


def _is_newer(first: Sequence[ArchivedEntry], after: ArchivePage) -> bool:
    if after.entries or after.head is None:
        return after.newer
    return bool(first) and first[-1].offset < after.head.offset
