"""Store all rooms in one SQLite file: no event loop and no callbacks. All calls come from one thread."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from brokers.base import BrokerOptions, Entry, Page, Position, Receipt
from brokers.errors import BrokerRefused, Unavailable

# All nodes read one log of all rooms, with rows numbered in the order of commits. A row without an offset is
# a signal, one without a room a probe: they use the path of entries, but are in no history.
SCHEMA: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA secure_delete = ON;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS identity (epoch TEXT NOT NULL);
INSERT INTO identity SELECT hex(randomblob(6)) WHERE NOT EXISTS (SELECT 1 FROM identity);
CREATE TABLE IF NOT EXISTS heads (room TEXT PRIMARY KEY, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (room TEXT, key TEXT, offset INTEGER NOT NULL, until REAL NOT NULL,
    PRIMARY KEY (room, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (number INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT, offset INTEGER,
    payload BLOB NOT NULL, until REAL NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS log_of_room ON log (room, offset) WHERE offset IS NOT NULL;
CREATE INDEX IF NOT EXISTS log_until ON log (until);
CREATE INDEX IF NOT EXISTS keys_until ON keys (until);
COMMIT;
"""
WRITE: Final = "INSERT INTO log (room, offset, payload, until) VALUES (?, ?, ?, ?)"
TRIM: Final = """
DELETE FROM log WHERE room = :room AND offset <= (SELECT max(offset) FROM
    (SELECT offset, sum(length(payload)) OVER (ORDER BY offset DESC) AS size
        FROM log WHERE room = :room AND offset IS NOT NULL)
    WHERE size > :size OR offset <= :head - :entries)
"""
TRANSIENT_SECONDS: Final = 10.0  # seconds until a signal is deleted
BATCH: Final = 500  # rows


class Row(NamedTuple):
    """An entry, a signal (no offset) or a probe (no room)."""

    number: int
    room: str | None
    offset: int | None
    payload: bytes


class Store:
    """The SQLite file; it is reopened if another file has replaced it."""

    def __init__(self, path: Path, options: BrokerOptions) -> None:
        self._path = path
        self._options = options
        self._age = options.retention.age or math.inf
        self._db: sqlite3.Connection | None = None
        self._inode = 0
        self._seen = 0
        self._epoch = ""

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def publish(self, room: str, payload: bytes, key: str) -> Receipt:
        """Store an entry once, and trim what exceeds the limits, in one transaction."""
        kept, now = self._options.retention, time.time()
        if len(payload) > kept.size:
            raise BrokerRefused(
                f"Payload too large: {len(payload)} bytes. A room keeps at most {kept.size} bytes"
            )
        with self._transaction("IMMEDIATE") as db:
            db.execute("DELETE FROM log WHERE until <= ?", (now,))
            db.execute("DELETE FROM keys WHERE until <= ?", (now,))
            known = db.execute("SELECT offset FROM keys WHERE room = ? AND key = ?", (room, key)).fetchone()
            if known:
                return Receipt(self._epoch, known[0], duplicate=True)
            offset = _head(db, room) + 1
            db.execute("REPLACE INTO heads VALUES (?, ?)", (room, offset))
            db.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?)", (room, key, offset, now + self._options.key_window)
            )
            db.execute(WRITE, (room, offset, payload, now + self._age))
            db.execute(TRIM, {"room": room, "head": offset, "size": kept.size, "entries": kept.entries})
            return Receipt(self._epoch, offset, duplicate=False)

    def append_transient(self, room: str | None, payload: bytes) -> None:
        """Append a signal or a probe."""
        with self._transaction("IMMEDIATE") as db:
            db.execute(WRITE, (room, None, payload, time.time() + TRANSIENT_SECONDS))

    def new_rows(self) -> tuple[str, list[Row]]:
        """Read the rows that any node has appended since the last call, with their epoch."""
        query = "SELECT number, room, offset, payload FROM log WHERE number > ? ORDER BY number LIMIT ?"
        with self._transaction("DEFERRED") as db:
            rows = [Row(*row) for row in db.execute(query, (self._seen, BATCH))]
        self._seen = rows[-1].number if rows else self._seen
        return self._epoch, rows

    def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        """Return the last position of each room."""
        with self._transaction("DEFERRED") as db:
            return {room: Position(self._epoch, _head(db, room)) for room in rooms}

    def page(self, room: str, after: int | None, before: int | None, limit: int) -> Page:
        """Read a page; one entry more than requested shows whether there are more."""
        query = "SELECT offset, payload FROM log WHERE room = ? AND until > ? AND offset"
        forward = after is not None
        with self._transaction("DEFERRED") as db:
            head = _head(db, room)
            edge = after if forward else head + 1 if before is None else before
            order = "> ? ORDER BY offset LIMIT ?" if forward else "< ? ORDER BY offset DESC LIMIT ?"
            rows = db.execute(f"{query} {order}", (room, time.time(), edge, limit + 1)).fetchall()
        shown = rows[:limit] if forward else rows[:limit][::-1]
        entries = tuple(Entry(room, self._epoch, offset - 1, offset, payload) for offset, payload in shown)
        first = entries[0].offset if entries else head + 1
        trimmed = after is not None and after + 1 < first
        return Page(entries, Position(self._epoch, head), trimmed, more=len(rows) > limit)

    def erase(self, room: str, offsets: Iterable[int], payload: bytes) -> None:
        """Replace the payloads of entries, but not of the last one; SQLite overwrites what is freed."""
        query = "UPDATE log SET payload = ? WHERE room = ? AND offset = ? AND offset < ?"
        with self._transaction("IMMEDIATE") as db:
            head = _head(db, room)
            db.executemany(query, [(payload, room, offset, head) for offset in offsets])

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        """Run the block in a transaction, and turn errors of SQLite and the disk into `Unavailable`."""
        try:
            if self._db is None or self._path.stat().st_ino != self._inode:
                self._db = self._open()
            self._db.execute(f"BEGIN {kind}")
            with self._db as db:
                yield db
        except (sqlite3.Error, OSError) as error:
            raise Unavailable(f"{self._path}: {error}") from error

    def _open(self) -> sqlite3.Connection:
        """Open or create the file. Polling starts at its end; after a change of the epoch, at its start."""
        self.close()
        db = sqlite3.connect(self._path, timeout=self._options.timeout, isolation_level=None)
        db.executescript(SCHEMA)
        before, self._epoch = self._epoch, db.execute("SELECT epoch FROM identity").fetchone()[0]
        if before != self._epoch:
            last = db.execute("SELECT coalesce(max(number), 0) FROM log").fetchone()[0]
            self._seen = 0 if before else last
        self._inode = self._path.stat().st_ino
        return db


def _head(db: sqlite3.Connection, room: str) -> int:
    known = db.execute("SELECT offset FROM heads WHERE room = ?", (room,)).fetchone()
    return int(known[0]) if known else 0
