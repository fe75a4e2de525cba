"""Appending: a batch is one statement where that is possible, and one transaction always."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from archive.base import ArchivedEntry, ArchiveRetention
from archive.errors import ArchiveConflict, ArchiveMisconfigured
from archive.sqlite.database import Database
from archive.sqlite.positions import MOST_EPOCH, MOST_OFFSET, position
from archive.sqlite.trimming import trim_sizes

# Entries of one statement at most. The sizes are powers of two, so that few statements are prepared.
_LARGEST: Final = 256
# Rooms whose ids are known without asking.
_KNOWN: Final = 10_000
_COLUMNS: Final = 8

Row = tuple[int, int, int, str, str | None, str | None, str | None, bytes]


class Writer:
    """Writes entries. All its methods run in the database's thread.

    Python releases its lock around each step of SQLite, and a busy event loop gives it back late. So the
    number of steps decides how long a commit takes: a batch is one statement with many rows, and one
    statement needs no BEGIN and COMMIT.
    """

    def __init__(self, database: Database, retention: ArchiveRetention) -> None:
        self._database = database
        self._retention = retention
        self._epochs: OrderedDict[tuple[str, str], int] = OrderedDict()

    def append(self, batch: Sequence[ArchivedEntry]) -> None:
        """Store a batch."""
        if not batch:
            self._touch()
            return
        names = dict.fromkeys((entry.room, entry.epoch) for entry in batch)
        known = {name: epoch for name in names if (epoch := self._find(name)) is not None}
        try:
            if len(known) == len(names) and len(batch) <= _LARGEST and not self._retention.bounded:
                _insert(self._database.connection, _rows(batch, known))
            else:
                self._append_in_transaction(batch, names, known)
        except sqlite3.IntegrityError as error:
            raise ArchiveConflict(
                f"The archive {self._database.path} has another entry at the position of an appended one. "
                "Nothing was stored."
            ) from error

    def _append_in_transaction(
        self,
        batch: Sequence[ArchivedEntry],
        names: dict[tuple[str, str], None],
        known: dict[tuple[str, str], int],
    ) -> None:
        with self._database.transaction() as connection:
            made = {name: _make(connection, *name) for name in names if name not in known}
            rows = _rows(batch, known | made)
            for start in range(0, len(rows), _LARGEST):
                _insert(connection, rows[start : start + _LARGEST])
            if self._retention.entries or self._retention.size:
                for epoch in (known | made).values():
                    trim_sizes(connection, epoch, self._retention)
        # Not before the commit: an epoch that was rolled back has no id.
        for name, epoch in made.items():
            self._remember(name, epoch)

    def _find(self, name: tuple[str, str]) -> int | None:
        """Find the id of an epoch."""
        if name in self._epochs:
            self._epochs.move_to_end(name)
            return self._epochs[name]
        epoch = find_epoch(self._database.connection, *name)
        if epoch is not None:
            self._remember(name, epoch)
        return epoch

    def _remember(self, name: tuple[str, str], epoch: int) -> None:
        self._epochs[name] = epoch
        if len(self._epochs) > _KNOWN:
            self._epochs.popitem(last=False)

    def _touch(self) -> None:
        """Write something small, to find out whether the archive can be written."""
        self._database.connection.execute(
            "INSERT INTO properties VALUES ('probe', '1') ON CONFLICT (name) DO UPDATE SET value = value + 1"
        )


def find_epoch(connection: sqlite3.Connection, room: str, epoch: str) -> int | None:
    """Find the id of an epoch of a room."""
    found = connection.execute(
        "SELECT epochs.id FROM epochs JOIN rooms ON rooms.id = epochs.room"
        " WHERE rooms.name = ? AND epochs.name = ?",
        (room, epoch),
    ).fetchone()
    return None if found is None else int(found[0])


def _make(connection: sqlite3.Connection, room: str, epoch: str) -> int:
    connection.execute("INSERT INTO rooms (name) VALUES (?) ON CONFLICT DO NOTHING", (room,))
    made = connection.execute(
        "INSERT INTO epochs (room, name) SELECT id, ? FROM rooms WHERE name = ? RETURNING id", (epoch, room)
    ).fetchall()
    number = int(made[0][0])
    if number > MOST_EPOCH:
        raise ArchiveMisconfigured(f"The archive has {MOST_EPOCH} epochs, and can't hold more.")
    return number


def _insert(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Insert rows; those that are there already are left as they are."""
    size = 1 << (len(rows) - 1).bit_length()
    values = [value for row in rows for value in row]
    # Filled up with the last row, which is there already by then.
    values += rows[-1] * (size - len(rows))
    connection.execute(_statement(size), values)


def _rows(batch: Sequence[ArchivedEntry], epochs: dict[tuple[str, str], int]) -> list[Row]:
    return list(_generate(batch, epochs))


def _generate(batch: Sequence[ArchivedEntry], epochs: dict[tuple[str, str], int]) -> Iterator[Row]:
    for room, epoch, prev, offset, at, key, payload, author in batch:
        if not 0 < offset <= MOST_OFFSET:
            raise ArchiveMisconfigured(f"Offset {offset} is not one from 1 to {MOST_OFFSET}.")
        yield (position(epochs[room, epoch], offset), prev, at, key, *author, payload)


@cache
def _statement(rows: int) -> str:
    """Make the statement for so many rows. Another entry at a position breaks NOT NULL: all is undone."""
    row = "(" + ", ".join("?" * _COLUMNS) + ")"
    return f"""
        INSERT INTO entries VALUES {", ".join([row] * rows)}
        ON CONFLICT (position) DO UPDATE SET key = NULL
        WHERE (key <> excluded.key OR payload <> excluded.payload) AND author_kind IS NOT 'erased'
    """  # noqa: S608  marks, no values
