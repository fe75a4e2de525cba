"""The versions of the schema: plain SQL files, each applied once, in a transaction of its own."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from archive.errors import ArchiveMisconfigured

FOLDER: Final = Path(__file__).with_name("migrations")

_NAME: Final = re.compile(r"(\d{4})_[a-z_]+\.sql")
_VERSIONS: Final = (
    "CREATE TABLE IF NOT EXISTS migrations"
    " (version INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL)"
)


def migrate(database: sqlite3.Connection, path: Path, now: float, folder: Path = FOLDER) -> int:
    """Bring the schema to the newest version; return it.

    Raises:
        ArchiveMisconfigured: the schema is newer than the newest migration here.
    """
    known = {int(file.name[:4]): file for file in sorted(folder.iterdir()) if _NAME.fullmatch(file.name)}
    newest = max(known)
    # Read before anything is written: an archive that is up to date can be opened on a full disk.
    version = current(database)
    if version > newest:
        raise ArchiveMisconfigured(
            f"The archive {path} was written by a newer hubbub: its schema is version {version}, and this "
            f"one knows {newest}. Update hubbub, or restore a backup from before the update."
        )
    for number in range(version + 1, newest + 1):
        _apply(database, number, known[number], now)
    return newest


def current(database: sqlite3.Connection) -> int:
    """Read the version of the schema; 0 for an empty database."""
    exists = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'"
    if not database.execute(exists).fetchone()[0]:
        return 0
    found: int | None = database.execute("SELECT max(version) FROM migrations").fetchone()[0]
    return found or 0


def _apply(database: sqlite3.Connection, number: int, file: Path, now: float) -> None:
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute(_VERSIONS)
        for statement in statements(file.read_text(encoding="utf-8")):
            database.execute(statement)
        database.execute("INSERT INTO migrations VALUES (?, ?, ?)", (number, file.name, int(now * 1000)))
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def statements(script: str) -> Iterator[str]:
    """Split a script at the semicolons that end a statement; those inside a trigger don't."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
