"""Whether the data is what this folder had last, or a copy that was put there.

An older copy lacks entries that clients have seen. If it went on under the same epoch, their offsets would be
given to other entries, and a client that resumes would not notice. So a copy gets new epochs: clients reload.

Each run writes a token into the database, and beside it into the lock file. A database whose token is not
there comes from somewhere else. A copy that was made during the last run is not recognised if it replaces the
database alone: to restore one, remove all files of the archive first.
"""

from __future__ import annotations

import secrets
import sqlite3

from archive.sqlite.lock import FileLock


def settle(connection: sqlite3.Connection, lock: FileLock, notes: str) -> str:
    """Return the lineage of the data, and begin a run of it. `notes` are those of the run before."""
    last, lineage = _read(connection, "run"), _read(connection, "lineage")
    run = secrets.token_hex(6)
    # Both, until the next run: a crash between this and the commit must not look like a copy.
    lock.note(f"{run} {last or ''}\n")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if lineage is None:
            lineage = _write(connection, "lineage", secrets.token_hex(6))
        elif last not in notes.split():
            lineage = _branch(connection, lineage)
        _write(connection, "run", run)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return lineage


def _branch(connection: sqlite3.Connection, lineage: str) -> str:
    """Give the data another lineage, and rename the epochs that have the old one's name."""
    branch = _write(connection, "lineage", secrets.token_hex(6))
    connection.execute("UPDATE epochs SET name = ? WHERE name = ?", (branch, lineage))
    return branch


def _read(connection: sqlite3.Connection, name: str) -> str | None:
    found = connection.execute("SELECT value FROM properties WHERE name = ?", (name,)).fetchone()
    return None if found is None else str(found[0])


def _write(connection: sqlite3.Connection, name: str, value: str) -> str:
    connection.execute(
        "INSERT INTO properties VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
    return value
