"""The database file: opened with the settings that durability needs, and closed in order."""

from __future__ import annotations

import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from archive.errors import ArchiveMisconfigured
from archive.sqlite.lineage import settle
from archive.sqlite.lock import FileLock
from archive.sqlite.migrations import migrate

# STRICT tables.
_OLDEST: Final = (3, 37, 0)
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
# Seconds that a statement waits for another program that writes.
_BUSY: Final = 1.0
# Seconds between two readings of the files' size.
_MEASURE_EVERY: Final = 1.0
# Prepared statements that are kept: those of this package are fewer.
_STATEMENTS: Final = 128
_PRAGMAS: Final = (
    # Set ahead of the first table, or never: pages of trimmed entries can be given back to the disk.
    "PRAGMA auto_vacuum = INCREMENTAL",
    # Readers, a backup among them, don't stop the writer.
    "PRAGMA journal_mode = WAL",
    # A commit is on the disk when it returns.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # The write-ahead log is cut back to this after a burst.
    "PRAGMA journal_size_limit = 67108864",
)


class Database:
    """One open database file. All its methods run in the thread that opened it.

    Attributes:
        lineage: the name of this history (`archive.base.Archive.lineage`).
        size: bytes of the files, as of the last `measure`.
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self.path = path
        self._clock = clock
        self._lock = FileLock(path)
        self._connection: sqlite3.Connection | None = None
        self._measured_at = -math.inf
        self.lineage = ""
        self.size = 0.0

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, once `open` has returned."""
        if self._connection is None:  # pragma: no cover  the archive opens before it reads
            raise ArchiveMisconfigured("The archive is not open.")
        return self._connection

    def open(self) -> None:
        """Make the folder and the file if they are missing, and bring the schema to the newest version."""
        if sqlite3.sqlite_version_info < _OLDEST:
            raise ArchiveMisconfigured(
                f"This Python has SQLite {sqlite3.sqlite_version}; the archive needs 3.37 or newer."
            )
        _make_folder(self.path.parent)
        notes = self._lock.acquire()
        try:
            self._connection = self._connect(notes)
            self.measure()
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Close the file; SQLite moves the write-ahead log into it, if it can. Idempotent."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._measured_at = -math.inf
            self.measure()
        self._lock.release()

    def measure(self) -> None:
        """Read the size of the files, once a second at most."""
        now = time.monotonic()
        if now - self._measured_at >= _MEASURE_EVERY:
            self._measured_at = now
            files = (self.path, self.path.with_name(self.path.name + "-wal"))
            self.size = float(sum(file.stat().st_size for file in files if file.exists()))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what the block writes; nothing of it if it raises."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            # Some errors, such as a full disk, have rolled back already.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _connect(self, notes: str) -> sqlite3.Connection:
        # For this user only. SQLite gives its other files the same rights.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE))
        connection = sqlite3.connect(
            self.path, timeout=_BUSY, isolation_level=None, cached_statements=_STATEMENTS
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
            migrate(connection, self.path, self._clock())
            self.lineage = settle(connection, self._lock, notes)
        except BaseException:
            connection.close()
            raise
        return connection


def _make_folder(folder: Path) -> None:
    """Make a folder for this user only, and have its parent remember it after a power cut."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    if os.name == "nt":  # pragma: no cover  a folder can't be opened there
        return
    descriptor = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
