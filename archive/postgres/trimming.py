"""Retention: which entries of a room are kept, and the slow removal of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from archive.base import ArchiveRetention
from archive.postgres.connections import Connection

# Of one call of `trim`: rooms that are looked at, entries that are removed.
_ROOMS: Final = 200
_ENTRIES: Final = 500
# Entries that are looked at in one query, to find out how many have to leave.
_STEP: Final = 500
_UNBOUNDED: Final = 2**63 - 1

_OVER: Final = """
SELECT id, base, entries, bytes FROM epochs
WHERE id = ANY($1::bigint[]) AND (entries > $2 OR bytes > $3) ORDER BY id FOR UPDATE
"""
_OLDEST: Final = """
SELECT "offset", octet_length(payload) FROM entries
WHERE epoch = $1 AND "offset" > $2 ORDER BY "offset" LIMIT $3
"""
# A room that another node trims, or writes to, has its turn in the next round.
_NEXT: Final = "SELECT id FROM epochs WHERE id > $1 AND head > 0 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED"
_AGE: Final = """
UPDATE epochs SET base = trimmed.base, entries = entries - trimmed.n, bytes = bytes - trimmed.size
FROM (
    SELECT epoch.id, reach.base, count(old."offset") AS n, coalesce(sum(octet_length(old.payload)), 0) AS size
    FROM epochs AS epoch
    CROSS JOIN LATERAL (SELECT coalesce((
        SELECT greatest(epoch.base, prev) FROM entries
        WHERE entries.epoch = epoch.id AND "offset" > epoch.base AND at > $2 ORDER BY "offset" LIMIT 1
    ), epoch.head) AS base) AS reach
    LEFT JOIN entries AS old
        ON old.epoch = epoch.id AND old."offset" > epoch.base AND old."offset" <= reach.base
    WHERE epoch.id = ANY($1::bigint[]) AND reach.base > epoch.base GROUP BY epoch.id, reach.base
) AS trimmed WHERE trimmed.id = epochs.id
"""
_REMOVE: Final = """
DELETE FROM entries WHERE ctid = ANY(ARRAY(
    SELECT entries.ctid FROM epochs JOIN entries ON entries.epoch = epochs.id
    WHERE epochs.id = ANY($1::bigint[]) AND entries."offset" <= epochs.base AND entries.at < $2
    LIMIT $3
))
"""


async def trim_sizes(connection: Connection, epochs: Sequence[int], retention: ArchiveRetention) -> None:
    """Move the base of epochs until each keeps no more entries and bytes than it may."""
    if not (retention.entries or retention.size):
        return
    most, largest = retention.entries or _UNBOUNDED, retention.size or _UNBOUNDED
    for epoch, base, entries, size in await connection.fetch(_OVER, epochs, most, largest):
        kept = [base, entries, size]
        while kept[1] > most or kept[2] > largest:
            oldest = await connection.fetch(_OLDEST, epoch, kept[0], _STEP)
            for offset, length in oldest:
                kept = [offset, kept[1] - 1, kept[2] - length]
                if kept[1] <= most and kept[2] <= largest:
                    break
            if not oldest:
                break
        await connection.execute(
            "UPDATE epochs SET base = $2, entries = $3, bytes = $4 WHERE id = $1", epoch, *kept
        )


class RoomTrimmer:
    """Applies the retention to all rooms, a few at a time."""

    def __init__(self, retention: ArchiveRetention, key_window: float) -> None:
        self._retention = retention
        self._key_window = key_window
        self._last = 0

    async def step(self, connection: Connection, now: float) -> bool:
        """Treat the next rooms; report whether that was the end of a round."""
        async with connection.transaction():
            found = [row[0] for row in await connection.fetch(_NEXT, self._last, _ROOMS)]
            if self._retention.age:
                await connection.execute(_AGE, found, int((now - self._retention.age) * 1000))
            await trim_sizes(connection, found, self._retention)
            # Keys are found in the entries, so those stay for the window of their keys.
            oldest = int((now - self._key_window) * 1000)
            removed = await connection.execute(_REMOVE, found, oldest, _ENTRIES)
        if int(removed.rpartition(" ")[2]) >= _ENTRIES:
            # They have more: the next call begins with them.
            return False
        is_round = len(found) < _ROOMS
        self._last = 0 if is_round else found[-1]
        return is_round
