"""Rewinding: what a broker has lost leaves the archive, with all that was derived from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from archive.entries import Rewind
from archive.search import Searchable
from archive.sqlite.database import Database
from archive.sqlite.erasing import securely
from archive.sqlite.positions import end, position
from archive.sqlite.searching import set_words
from archive.sqlite.writing import find_epoch

_LAST: Final = "SELECT max(position) FROM entries WHERE position > ? AND position <= ?"
_LOST: Final = """
SELECT count(*), coalesce(sum(length(payload)), 0) FROM entries WHERE position > ? AND position < ?
"""
# Words and references leave by the triggers of the table.
_REMOVE: Final = "DELETE FROM entries WHERE position > ? AND position < ?"
# Both marks of the indexer move back in any case. Otherwise what it has read already would be indexed.
_REWIND: Final = """
UPDATE epochs SET
    head = ?2, base = min(base, ?2),
    indexed = CASE WHEN indexed > ?2 THEN ?2 ELSE max(indexed - 1, 0) END,
    referred = CASE WHEN referred > ?2 THEN ?2 ELSE max(referred - 1, 0) END,
    entries = entries - ?3, bytes = bytes - ?4
WHERE id = ?1
"""
# By the index of names. Marks without one are older than any entry that may still be lost.
_MARKS: Final = """
UPDATE marks SET "offset" = ?3 WHERE room = ?1 AND name <> '' AND epoch = ?2 AND "offset" > ?3
"""


def rewind(database: Database, wanted: Rewind, changes: Sequence[Searchable]) -> bool:
    """Remove entries; return whether the head was the given one."""
    with securely(database.connection), database.transaction() as connection:
        number = find_epoch(connection, wanted.room, wanted.epoch)
        found = connection.execute("SELECT head, base FROM epochs WHERE id = ?", (number,)).fetchone()
        if number is None or found[0] != wanted.head:
            return False
        if wanted.offset >= wanted.head:
            return True
        reach = position(number, 0), position(number, wanted.offset)
        [found_last] = connection.execute(_LAST, reach).fetchone()
        last = wanted.offset if found_last is None else found_last - reach[0]
        # What was trimmed is not counted any more.
        counted = position(number, max(last, found[1]))
        count, size = connection.execute(_LOST, (counted, end(number))).fetchone()
        connection.execute(_REMOVE, (position(number, last), end(number)))
        connection.execute(_REWIND, (number, last, count, size))
        changed = [(position(number, change.offset),) for change in changes]
        connection.executemany("DELETE FROM searchable WHERE position = ?", changed)
        set_words(connection, number, changes)
        connection.execute(_MARKS, (wanted.room, wanted.epoch, last))
    return True
