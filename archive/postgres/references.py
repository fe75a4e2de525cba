"""References between entries: recorded with the words of a part, read by target."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeVar

from typing_extensions import override

from archive.postgres.connections import Connection, Work
from archive.postgres.reading import REACH, Epoch, arguments
from archive.postgres.rows import COLUMNS, entry_of
from archive.postgres.text import decoded, encoded
from archive.references import Reference, ReferenceIndex, Referring, ReplyPage, ReplyTotal
from archive.search import Unindexed

T = TypeVar("T")

_BEYOND: Final = 2**63 - 1
_COLUMNS: Final = COLUMNS.format(table="entries")

_UNRECORDED: Final = """
SELECT rooms.name, epochs.name, epochs.referred FROM epochs JOIN rooms ON rooms.id = epochs.room
WHERE epochs.referred < epochs.indexed LIMIT $1
"""
_MOVE: Final = """
UPDATE epochs SET referred = $4 FROM rooms
WHERE rooms.id = epochs.room AND rooms.name = $1 AND epochs.name = $2 AND epochs.referred = $3
RETURNING epochs.id
"""
# Only of entries that are there, to earlier ones.
_RECORD: Final = """
INSERT INTO entry_references SELECT $1, given.source, given.target, given.is_reply
FROM unnest($2::bigint[], $3::bigint[], $4::boolean[]) AS given (source, target, is_reply)
JOIN entries ON entries.epoch = $1 AND entries."offset" = given.source
WHERE given.target < given.source AND entries.author_kind IS DISTINCT FROM 'erased'::bytea
ON CONFLICT DO NOTHING
"""
_THROUGH: Final = f"{REACH} SELECT reach.id, reach.base, reach.referred FROM reach"  # noqa: S608  no values
_CHANGES: Final = f"""
SELECT {_COLUMNS} FROM unnest($2::bigint[]) AS wanted (target) CROSS JOIN LATERAL (
    SELECT source FROM entry_references AS found
    WHERE found.epoch = $1 AND found.target = wanted.target AND NOT found.is_reply AND found.source > $3
    ORDER BY found.source DESC LIMIT $4
) AS found JOIN entries ON entries.epoch = $1 AND entries."offset" = found.source
ORDER BY wanted.target, found.source
"""  # noqa: S608  no values
_COUNT: Final = """
SELECT wanted.target, counted.number, newest.source
FROM unnest($2::bigint[]) AS wanted (target) CROSS JOIN LATERAL (
    SELECT source FROM entry_references AS found
    WHERE found.epoch = $1 AND found.target = wanted.target AND found.is_reply AND found.source > $3
    ORDER BY found.source DESC LIMIT 1
) AS newest CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM (
        SELECT FROM entry_references AS found
        WHERE found.epoch = $1 AND found.target = wanted.target AND found.is_reply AND found.source > $3
        LIMIT $4
    ) AS those
) AS counted
"""
_REPLIES: Final = f"""
SELECT {_COLUMNS} FROM entry_references AS found
JOIN entries ON entries.epoch = $1 AND entries."offset" = found.source
WHERE found.epoch = $1 AND found.target = $2 AND found.is_reply AND found.source > $3 AND found.source < $4
ORDER BY found.source DESC LIMIT $5
"""  # noqa: S608  no values


class ConnectionReader(Protocol):
    """Runs work on a connection that reads."""

    def __call__(self, work: Work[T], /) -> Awaitable[T]:
        """Return what it returns."""


class PostgresReferences(ReferenceIndex):
    """The references of one database. `oldest` returns the time up to which entries are too old."""

    def __init__(self, read: ConnectionReader, oldest: Callable[[], int | None]) -> None:
        self._read = read
        self._oldest = oldest

    @override
    async def unrecorded(self, *, limit: int) -> list[Unindexed]:
        rows = await self._read(lambda on: on.fetch(_UNRECORDED, limit))
        return [Unindexed(decoded(room), decoded(epoch), referred) for room, epoch, referred in rows]

    @override
    async def record(
        self, room: str, epoch: str, *, since: int, through: int, references: Sequence[Reference]
    ) -> bool:
        return await self._read(lambda on: _record(on, (room, epoch), (since, through), references))

    @override
    async def find(
        self, room: str, epoch: str, targets: Sequence[int], *, most: int, most_replies: int
    ) -> Referring:
        place = Epoch(room, epoch, self._oldest())
        return await self._read(lambda on: _find(on, place, list(targets), (most, most_replies)))

    @override
    async def replies(
        self, room: str, epoch: str, target: int, *, before: int | None = None, limit: int
    ) -> ReplyPage:
        place, end = Epoch(room, epoch, self._oldest()), _BEYOND if before is None else min(before, _BEYOND)
        return await self._read(lambda on: _replies(on, place, (target, end), limit))


async def insert(connection: Connection, epoch: int, references: Sequence[Reference]) -> None:
    """Add the references of entries of an epoch; those that are there already are left as they are."""
    if references:
        await connection.execute(_RECORD, epoch, *map(list, zip(*references, strict=True)))


async def _record(
    connection: Connection, name: tuple[str, str], reach: tuple[int, int], references: Sequence[Reference]
) -> bool:
    async with connection.transaction():
        number = await connection.fetchval(_MOVE, *map(encoded, name), *reach)
        if number is None:
            return False
        await insert(connection, number, references)
    return True


async def _find(
    connection: Connection, place: Epoch, targets: list[int], bounds: tuple[int, int]
) -> Referring:
    most, most_replies = bounds
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        reach = await connection.fetchrow(_THROUGH, *arguments(place))
        if reach is None:
            return Referring(0, (), {})
        number, base, through = reach
        changes = await connection.fetch(_CHANGES, number, targets, base, most)
        counted = await connection.fetch(_COUNT, number, targets, base, most_replies)
    return Referring(
        through,
        tuple(entry_of(place.room, place.name, row) for row in changes),
        {target: ReplyTotal(*each) for target, *each in counted},
    )


async def _replies(connection: Connection, place: Epoch, reach: tuple[int, int], limit: int) -> ReplyPage:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        known = await connection.fetchrow(_THROUGH, *arguments(place))
        if known is None:
            return ReplyPage(0, (), older=False)
        number, base, through = known
        target, end = reach
        rows = await connection.fetch(_REPLIES, number, target, base, end, limit + 1)
    entries = tuple(entry_of(place.room, place.name, row) for row in rows[:limit][::-1])
    return ReplyPage(through, entries, older=len(rows) > limit)
