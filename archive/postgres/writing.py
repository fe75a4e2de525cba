"""Appending: a batch is one transaction, and batches that share a room follow each other, on all nodes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from archive.base import ArchivedEntry, ArchiveRetention
from archive.errors import ArchiveConflict, ArchiveMisconfigured
from archive.postgres.connections import Connection
from archive.postgres.text import decoded, encoded
from archive.postgres.trimming import trim_sizes

# Epochs whose ids are known without a query.
_KNOWN: Final = 10_000
_MOST_OFFSET: Final = 2**63 - 1

Name: TypeAlias = tuple[str, str]
Row: TypeAlias = tuple[int, int, int, int, bytes, bytes | None, bytes | None, bytes | None, bytes]

_TOUCH: Final = """
INSERT INTO properties VALUES ('probe', '1')
ON CONFLICT (name) DO UPDATE SET value = (properties.value::bigint + 1)::text
"""
_IDS: Final = """
SELECT rooms.name, epochs.name, epochs.id FROM unnest($1::bytea[], $2::bytea[]) AS given (room, epoch)
JOIN rooms ON rooms.name = given.room JOIN epochs ON epochs.room = rooms.id AND epochs.name = given.epoch
"""
# In one order, so that two nodes don't wait for each other.
_MAKE_ROOMS: Final = """
INSERT INTO rooms (name) SELECT DISTINCT name FROM unnest($1::bytea[]) AS name ORDER BY name
ON CONFLICT DO NOTHING
"""
_MAKE_EPOCHS: Final = """
INSERT INTO epochs (room, name) SELECT rooms.id, given.epoch
FROM unnest($1::bytea[], $2::bytea[]) AS given (room, epoch) JOIN rooms ON rooms.name = given.room
ORDER BY rooms.id, given.epoch ON CONFLICT DO NOTHING
"""
_LOCK: Final = "SELECT id, head FROM epochs WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"
# Only after the head: what was trimmed stays away. The last part sees the tables as they were before. It
# finds entries of this batch at positions that are taken, and those that the chain leaves out.
_APPEND: Final = """
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(
        $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
        $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[]
    ) AS given (epoch, "offset", prev, at, key, author_id, author_name, author_kind, payload)
), stored AS (
    INSERT INTO entries (epoch, "offset", prev, at, key, author_id, author_name, author_kind, payload)
    SELECT given.* FROM given JOIN epochs ON epochs.id = given.epoch WHERE given."offset" > epochs.head
    ON CONFLICT DO NOTHING
    RETURNING epoch, "offset", prev, octet_length(payload) AS size
), counted AS (
    UPDATE epochs SET
        base = CASE WHEN epochs.head = 0 THEN new.prev ELSE epochs.base END,
        head = greatest(epochs.head, new.head),
        entries = epochs.entries + new.entries,
        bytes = epochs.bytes + new.size
    FROM (
        SELECT epoch, max("offset") AS head, count(*) AS entries, sum(size) AS size,
            (array_agg(prev ORDER BY "offset"))[1] AS prev
        FROM stored GROUP BY epoch
    ) AS new WHERE new.epoch = epochs.id
)
SELECT count(*) FROM given JOIN epochs ON epochs.id = given.epoch
CROSS JOIN LATERAL (
    SELECT * FROM entries WHERE entries.epoch = given.epoch AND entries."offset" >= given."offset"
    ORDER BY entries."offset" LIMIT 1
) AS found
WHERE CASE WHEN found."offset" = given."offset"
    THEN (found.key <> given.key OR found.payload <> given.payload)
        AND found.author_kind IS DISTINCT FROM 'erased'::bytea
    ELSE given."offset" > epochs.base AND found.prev < given."offset" END
"""


class BatchWriter:
    """Writes entries, one batch at a time."""

    def __init__(self, place: str, retention: ArchiveRetention) -> None:
        self._place = place
        self._retention = retention
        self._epochs: OrderedDict[Name, int] = OrderedDict()

    async def append(self, connection: Connection, batch: Sequence[ArchivedEntry]) -> None:
        """Store a batch."""
        if not batch:
            await connection.execute(_TOUCH)
            return
        distinct = self._distinct(batch)
        names = dict.fromkeys((entry.room, entry.epoch) for entry in distinct)
        async with connection.transaction():
            epochs = await self._find(connection, names)
            ids = sorted(epochs.values())
            heads = await connection.fetch(_LOCK, ids)
            if _leaves_out_stored(dict(tuple(row) for row in heads), epochs, distinct):
                raise self._conflict()
            columns = zip(*(_row(epochs[entry.room, entry.epoch], entry) for entry in distinct), strict=True)
            if await connection.fetchval(_APPEND, *map(list, columns)):
                raise self._conflict()
            await trim_sizes(connection, ids, self._retention)
        # Not before the commit: an epoch that was rolled back has no id.
        self._remember(epochs)

    def _distinct(self, batch: Iterable[ArchivedEntry]) -> list[ArchivedEntry]:
        """Leave out what is twice in the batch."""
        found: dict[tuple[str, str, int], ArchivedEntry] = {}
        for entry in batch:
            if not 0 < entry.offset <= _MOST_OFFSET:
                raise ArchiveMisconfigured(f"Offset {entry.offset} is not one from 1 to {_MOST_OFFSET}.")
            first = found.setdefault((entry.room, entry.epoch, entry.offset), entry)
            if (first.key, first.payload) != (entry.key, entry.payload):
                raise self._conflict()
        return list(found.values())

    async def _find(self, connection: Connection, names: Iterable[Name]) -> dict[Name, int]:
        """Find the ids of epochs, and make those that are missing."""
        found = {name: self._epochs[name] for name in names if name in self._epochs}
        missing = [name for name in names if name not in found]
        if missing:
            given = [encoded(room) for room, _ in missing], [encoded(epoch) for _, epoch in missing]
            await connection.execute(_MAKE_ROOMS, given[0])
            await connection.execute(_MAKE_EPOCHS, *given)
            for room, epoch, number in await connection.fetch(_IDS, *given):
                found[decoded(room), decoded(epoch)] = number
        return found

    def _remember(self, epochs: dict[Name, int]) -> None:
        for name, number in epochs.items():
            self._epochs[name] = number
            self._epochs.move_to_end(name)
        while len(self._epochs) > _KNOWN:
            self._epochs.popitem(last=False)

    def _conflict(self) -> ArchiveConflict:
        return ArchiveConflict(
            f"The archive {self._place} has another entry at the position of an appended one, or a chain "
            "that leaves it out. Nothing was stored."
        )


def _leaves_out_stored(
    heads: dict[int, int], epochs: dict[Name, int], batch: Iterable[ArchivedEntry]
) -> bool:
    """Return whether the first new entry of an epoch names one before it that is not the last one."""
    found: dict[int, ArchivedEntry] = {}
    for entry in batch:
        epoch = epochs[entry.room, entry.epoch]
        if entry.offset > heads[epoch] and (epoch not in found or entry.offset < found[epoch].offset):
            found[epoch] = entry
    return any(first.prev < heads[epoch] for epoch, first in found.items())


def _row(epoch: int, entry: ArchivedEntry) -> Row:
    author_id, name, kind = (None if each is None else encoded(each) for each in entry.author)
    return (
        epoch,
        entry.offset,
        entry.prev,
        entry.at,
        encoded(entry.key),
        author_id,
        name,
        kind,
        entry.payload,
    )
