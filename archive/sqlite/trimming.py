"""Retention: which entries of a room are kept, and the slow removal of the others."""

from __future__ import annotations

import sqlite3
from typing import Final

from archive.base import ArchiveRetention
from archive.sqlite.database import Database
from archive.sqlite.positions import end, position

# Of one call of `trim`: rooms that are looked at, entries that are removed, pages that are freed.
_ROOMS: Final = 200
_ENTRIES: Final = 500
_PAGES: Final = 100


def trim_sizes(connection: sqlite3.Connection, epoch: int, retention: ArchiveRetention) -> None:
    """Move the base of an epoch until it keeps no more entries and bytes than it may."""
    base, entries, size = connection.execute(
        "SELECT base, entries, bytes FROM epochs WHERE id = ?", (epoch,)
    ).fetchone()
    most, largest = retention.entries or entries, retention.size or size
    if entries <= most and size <= largest:
        return
    oldest = connection.execute(
        "SELECT position, length(payload) FROM entries WHERE position > ? AND position < ? ORDER BY position",
        (position(epoch, base), end(epoch)),
    )
    for place, length in oldest:
        base, entries, size = place - position(epoch, 0), entries - 1, size - length
        if entries <= most and size <= largest:
            break
    oldest.close()
    connection.execute(
        "UPDATE epochs SET base = ?, entries = ?, bytes = ? WHERE id = ?", (base, entries, size, epoch)
    )


def base_of(connection: sqlite3.Connection, epoch: int, base: int, head: int, oldest: int | None) -> int:
    """Find the offset up to which entries are too old: it lies ahead of the first that is not."""
    if oldest is None:
        return base
    first = connection.execute(
        "SELECT prev FROM entries WHERE position > ? AND position < ? AND at > ? ORDER BY position LIMIT 1",
        (position(epoch, base), end(epoch), oldest),
    ).fetchone()
    return head if first is None else max(base, first[0])


class Trimmer:
    """Applies the retention to all rooms, a few at a time. Runs in the database's thread."""

    def __init__(self, database: Database, retention: ArchiveRetention, key_window: float) -> None:
        self._database = database
        self._retention = retention
        self._key_window = key_window
        self._last = 0

    def step(self, now: float) -> bool:
        """Treat the next rooms; report whether that was the end of a round."""
        with self._database.transaction() as connection:
            found = connection.execute(
                "SELECT id, base, head FROM epochs WHERE id > ? ORDER BY id LIMIT ?", (self._last, _ROOMS)
            ).fetchall()
            left = _ENTRIES
            for epoch, base, head in found:
                left -= self._treat(connection, epoch, (base, head), now, left)
                if left <= 0:
                    # It has more: the next call begins with it.
                    return False
                self._last = epoch
        self._database.connection.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
        if len(found) == _ROOMS:
            return False
        self._last = 0
        return True

    def _treat(
        self, connection: sqlite3.Connection, epoch: int, reach: tuple[int, int], now: float, most: int
    ) -> int:
        if self._retention.age:
            oldest = int((now - self._retention.age) * 1000)
            _raise_base(connection, epoch, base_of(connection, epoch, *reach, oldest))
        trim_sizes(connection, epoch, self._retention)
        # Keys are found in the entries, so those stay for the window of their keys.
        return connection.execute(
            "DELETE FROM entries WHERE position IN (SELECT position FROM entries"
            " WHERE position > ?1 AND position <= ?1 + (SELECT base FROM epochs WHERE id = ?2) AND at < ?3"
            " ORDER BY position LIMIT ?4)",
            (position(epoch, 0), epoch, int((now - self._key_window) * 1000), most),
        ).rowcount


def _raise_base(connection: sqlite3.Connection, epoch: int, base: int) -> None:
    connection.execute(
        "UPDATE epochs SET base = ?2, entries = entries - trimmed.n, bytes = bytes - trimmed.size FROM ("
        " SELECT count(*) AS n, coalesce(sum(length(payload)), 0) AS size FROM entries"
        " WHERE position > ?3 + (SELECT base FROM epochs WHERE id = ?1) AND position <= ?3 + ?2"
        ") AS trimmed WHERE id = ?1 AND base < ?2",
        (epoch, base, position(epoch, 0)),
    )
