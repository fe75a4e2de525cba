"""Erasing: payloads are replaced, and what SQLite keeps of them is overwritten, in the database's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from archive.base import ERASED
from archive.sqlite.database import Database
from archive.sqlite.positions import position
from archive.sqlite.writing import find_epoch

# Of one call of `purge`: pages of the index that are merged, and pages that are given back.
_MERGED: Final = 200
_FREED: Final = 500
# Merges change two rows of their own, also when nothing is left to merge.
_IDLE: Final = 2

_FIND: Final = "SELECT length(payload) FROM entries WHERE position = ? AND author_kind IS NOT ?"
_ERASE: Final = """
UPDATE entries SET key = '', author_id = ?, author_name = ?, author_kind = ?, payload = ? WHERE position = ?
"""


def erase(database: Database, room: str, epoch: str, offsets: Sequence[int], payload: bytes) -> int:
    """Replace the payloads of entries; return the number of those that had not been erased."""
    with securely(database.connection), database.transaction() as connection:
        number = find_epoch(connection, room, epoch)
        if number is None:
            return 0
        base = int(connection.execute("SELECT base FROM epochs WHERE id = ?", (number,)).fetchone()[0])
        count = freed = 0
        for offset in offsets:
            place = position(number, offset)
            found = connection.execute(_FIND, (place, ERASED.kind)).fetchone()
            if found is None:
                continue
            connection.execute("DELETE FROM searchable WHERE position = ?", (place,))
            connection.execute("DELETE FROM entry_references WHERE source = ?", (place,))
            connection.execute(_ERASE, (*ERASED, payload, place))
            count += 1
            # What was trimmed is not counted any more.
            freed += found[0] - len(payload) if offset > base else 0
        connection.execute("UPDATE epochs SET bytes = bytes - ? WHERE id = ?", (freed, number))
    return count


def forget(database: Database, user: str, room: str | None) -> None:
    """Remove the marks of a user, or the one in a room."""
    with securely(database.connection), database.transaction() as connection:
        connection.execute("DELETE FROM marks WHERE user = ?1 AND (room = ?2 OR ?2 IS NULL)", (user, room))


class Purger:
    """Frees what was erased: first in the index, which marks words as removed, then in the file."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_merging = False

    def step(self) -> bool:
        """Do a part of the work; report whether nothing is left."""
        connection = self._database.connection
        with securely(connection):
            if not self._merge(connection):
                return False
            connection.execute(f"PRAGMA incremental_vacuum({_FREED})").fetchall()
            if connection.execute("PRAGMA freelist_count").fetchone()[0]:
                return False
        # A reader of an older state, such as a backup, keeps the log: the next call tries again.
        busy = bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
        self._is_merging = busy
        return not busy

    def _merge(self, connection: sqlite3.Connection) -> bool:
        """Merge the index into one part, in which nothing is marked as removed."""
        # A negative number begins to merge all parts, a positive one continues.
        pages = _MERGED if self._is_merging else -_MERGED
        before = connection.total_changes
        connection.execute("INSERT INTO word_index (word_index, rank) VALUES ('merge', ?)", (pages,))
        self._is_merging = True
        return connection.total_changes - before < _IDLE


@contextmanager
def securely(connection: sqlite3.Connection) -> Iterator[None]:
    """Overwrite what is removed meanwhile. Not always: each trim would write the pages that it frees."""
    connection.execute("PRAGMA secure_delete = ON").fetchall()
    try:
        yield
    finally:
        connection.execute("PRAGMA secure_delete = OFF").fetchall()
