"""Search in SQLite: an FTS5 index over the words that the service found in each entry."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, Final, TypeAlias

from archive.base import ArchivedEntry, Author
from archive.references import Reference
from archive.search import FoundEntry, FoundPage, Searchable, SearchQuery, Unindexed, merged
from archive.sqlite import references as referring
from archive.sqlite.database import Database
from archive.sqlite.erasing import securely
from archive.sqlite.positions import position
from archive.sqlite.tables import execute
from archive.sqlite.writing import find_epoch
from archive.words import Term, Words

# Bits of an id that distinguish entries of one millisecond.
_BITS: Final = 20
_LAST: Final = 2**63 - 1
# Steps of SQLite between two looks at the clock.
STEPS: Final = 10_000

_Value: TypeAlias = str | int
_Found: TypeAlias = tuple[Any, ...]

_UNINDEXED: Final = """
SELECT rooms.name, epochs.name, epochs.indexed FROM epochs JOIN rooms ON rooms.id = epochs.room
WHERE epochs.indexed < epochs.head LIMIT ?
"""
# References follow the words, unless earlier ones are missing.
_MOVE: Final = """
UPDATE epochs SET indexed = ?1, referred = CASE WHEN referred >= ?3 THEN max(referred, ?1) ELSE referred END
WHERE id = ?2 AND indexed = ?3
"""
_EDIT: Final = """
SELECT prev, position & 1099511627775, at, key, payload, author_id, author_name, author_kind
FROM entries WHERE position = ?
"""
_ADD: Final = """
WITH added (place, author, author_id, link, edit, words, wholes) AS ({rows})
INSERT INTO searchable SELECT
    coalesce((
        SELECT max(id) + 1 FROM searchable WHERE id >= entries.at << 20 AND id < (entries.at + 1) << 20
    ), entries.at << 20) + row_number() OVER (PARTITION BY entries.at ORDER BY entries.position) - 1,
    entries.position, added.author, added.author_id, link, edit, words, wholes
FROM added CROSS JOIN entries ON entries.position = place
WHERE entries.author_kind IS NOT 'erased' ORDER BY entries.position ON CONFLICT (position) DO NOTHING
"""
# Only of what is found.
_MENTION: Final = """
WITH added (place, user) AS ({rows})
INSERT OR IGNORE INTO mentions SELECT user, position FROM added CROSS JOIN searchable ON position = place
"""
_FOUND: Final = """
SELECT searchable.id, rooms.name, epochs.name, searchable.edit, epochs.id, entries.prev,
    entries.position & 1099511627775, entries.at, entries.key, entries.payload,
    entries.author_id, entries.author_name, entries.author_kind
FROM {source} JOIN entries ON entries.position = searchable.position
JOIN epochs ON epochs.id = searchable.position >> 40 JOIN rooms ON rooms.id = epochs.room
WHERE searchable.position & 1099511627775 > epochs.base AND {conditions} ORDER BY {id} DESC LIMIT ?
"""


def unindexed(connection: sqlite3.Connection, limit: int) -> list[Unindexed]:
    """Read epochs with entries that were not indexed."""
    return [Unindexed(*row) for row in connection.execute(_UNINDEXED, (limit,))]


def index(
    database: Database,
    name: tuple[str, str],
    reach: tuple[int, int],
    changes: Sequence[Searchable],
    references: Sequence[Reference],
) -> bool:
    """Set words, and move the mark of an epoch from the one offset of `reach` to the other."""
    since, through = reach
    with database.transaction() as connection:
        number = find_epoch(connection, *name)
        moved = connection.execute(_MOVE, (through, number, since)).rowcount
        if number is None or not moved:
            return False
        referring.insert(connection, number, references)
        set_words(connection, number, changes)
    return True


def set_words(connection: sqlite3.Connection, epoch: int, changes: Sequence[Searchable]) -> None:
    """Set the words of entries, in a transaction of the caller."""
    found = merged(changes)
    _add(connection, epoch, [each.change for each in found if each.is_new and each.change.words is not None])
    replaced = [each.change for each in found if not each.is_new or each.change.words is None]
    if replaced:
        # An erasure finds nothing of what was removed here.
        with securely(connection):
            for change in replaced:
                _replace(connection, epoch, change)


class Searcher:
    """A connection that only reads. All methods run in the thread of searches."""

    def __init__(self, path: Path, *, steps: int = STEPS) -> None:
        """Search in the database at `path`; look at the clock after so many steps of SQLite."""
        self._path = path
        self._steps = steps
        self._connection: sqlite3.Connection | None = None

    def search(
        self,
        query: SearchQuery,
        before: str | None,
        limit: int,
        *,
        oldest: int | None,
        seconds: float,
        cancelled: Event,
    ) -> FoundPage:
        """Read a page of hits, within so many seconds, and until the search is cancelled."""
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, isolation_level=None)
            self._connection.execute("PRAGMA query_only = ON")
        statement, values = _statement(query, _place(before), oldest)
        with _limited(self._connection, seconds, cancelled, self._steps):
            rows = self._connection.execute(statement, (*values, limit + 1)).fetchall()
            hits = tuple(_hit(self._connection, row) for row in rows[:limit])
        return FoundPage(hits, str(rows[limit - 1][0]) if len(rows) > limit else None)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


@contextmanager
def _limited(connection: sqlite3.Connection, seconds: float, cancelled: Event, steps: int) -> Iterator[None]:
    """Interrupt a statement of the block after so many seconds, or when its caller waits no more."""
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: cancelled.is_set() or time.monotonic() > end, steps)
    try:
        yield
    finally:
        connection.set_progress_handler(None, steps)


def _add(connection: sqlite3.Connection, epoch: int, changes: Sequence[Searchable]) -> None:
    """Have entries found."""
    execute(connection, _ADD, [_row(epoch, change) for change in changes])
    mentions = [(position(epoch, change.offset), user) for change in changes for user in change.mentions]
    execute(connection, _MENTION, mentions)


def _replace(connection: sqlite3.Connection, epoch: int, change: Searchable) -> None:
    """Replace the words of an entry that is found, or remove them."""
    place = position(epoch, change.offset)
    was_found = connection.execute("DELETE FROM searchable WHERE position = ?", (place,)).rowcount
    if change.words is not None and was_found:
        _add(connection, epoch, [change])


def _row(epoch: int, change: Searchable) -> tuple[_Value | None, ...]:
    words, wholes = (" ".join(each) for each in change.words or Words())
    place = position(epoch, change.offset)
    return place, change.author, change.author_id, change.link, change.edit, words, wholes


def _place(before: str | None) -> int:
    if before is None:
        return _LAST
    if not re.fullmatch(r"[0-9]{1,19}", before):
        raise ValueError(f"{before!r} is not a place in a search")
    return min(int(before), _LAST)


def _statement(query: SearchQuery, before: int, oldest: int | None) -> tuple[str, list[_Value]]:
    terms = " AND ".join(map(_expression, query.terms))
    source = "word_index JOIN searchable ON searchable.id = word_index.rowid" if terms else "searchable"
    column = "word_index.rowid" if terms else "searchable.id"
    since = max((each for each in (query.since, None if oldest is None else oldest + 1) if each), default=0)
    end = before if query.until is None else min(before, query.until << _BITS)
    found: list[tuple[str, Sequence[_Value]]] = [(f"{column} < ? AND {column} >= ?", (end, since << _BITS))]
    if terms:
        found.append(("word_index MATCH ?", (terms,)))
    if query.rooms is not None:
        found.append((f"rooms.name IN ({_marks(query.rooms)})", query.rooms))
    if query.authors:
        marks = _marks(query.authors)
        who = f"(searchable.author IN ({marks}) OR searchable.author_id IN ({marks}))"
        found.append((who, query.authors * 2))
    if query.link:
        found.append(("searchable.link", ()))
    conditions = " AND ".join(condition for condition, _ in found)
    values = [value for _, each in found for value in each]
    return _FOUND.format(source=source, conditions=conditions, id=column), values


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


def _expression(term: Term) -> str:
    """Write a term in the language of FTS5; words have no quotes, but they are doubled all the same."""
    phrase = '"' + " ".join(term.words).replace('"', '""') + '"' + (" *" if term.prefix else "")
    if term.whole is None:
        return f"({phrase})"
    whole = '"' + term.whole.replace('"', '""') + '"' + (" *" if term.prefix else "")
    return f"({phrase} OR {whole})"


def _hit(connection: sqlite3.Connection, row: _Found) -> FoundEntry:
    _, room, epoch, edit, number, *stored = row
    found = None
    if edit is not None:
        found = connection.execute(_EDIT, (position(number, edit),)).fetchone()
    return FoundEntry(_entry(room, epoch, *stored), None if found is None else _entry(room, epoch, *found))


def _entry(room: str, epoch: str, *stored: Any) -> ArchivedEntry:  # noqa: ANN401  the columns have own types
    prev, offset, at, key, payload, *author = stored
    return ArchivedEntry(room, epoch, prev, offset, at, key, payload, Author(*author))
