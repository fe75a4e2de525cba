"""The storage of the SQLite archive in tests: a folder."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from typing_extensions import override

from archive.base import Archive, ArchiveOptions
from archive.sqlite import SqliteArchive
from archive.testing.storage import Storage, StorageAbilities

FILE: Final = "archive.sqlite"


class SqliteStorage(Storage):
    """A folder. A crash is a copy of the files as they are on the disk, under another name."""

    abilities = StorageAbilities(crash=True, refusal=True, one_owner=True)

    def __init__(self, options: ArchiveOptions, folder: Path) -> None:
        super().__init__(options)
        self._folder = folder
        self._current = folder / "0"
        self._made: list[SqliteArchive] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, options: ArchiveOptions) -> AsyncIterator[Storage]:
        with tempfile.TemporaryDirectory() as folder:
            yield cls(options, Path(folder))

    @property
    def path(self) -> Path:
        """The database file."""
        return self._current / FILE

    @override
    def archive(self) -> Archive:
        made = SqliteArchive(replace(self.options, url=f"sqlite:///{self.path}"))
        self._made.append(made)
        return made

    @override
    def crash(self) -> None:
        left, self._current = self._current, self._folder / str(len(self._made))
        self._current.mkdir()
        for name in (FILE, f"{FILE}-wal", f"{FILE}.lock"):
            shutil.copy(left / name, self._current / name)

    @override
    def refuse_writes(self) -> None:
        self._limit("PRAGMA query_only = ON")

    @override
    def accept_writes(self) -> None:
        self._limit("PRAGMA query_only = OFF")

    def _limit(self, pragma: str) -> None:
        """Run a statement in the thread of the last archive, ahead of its next call."""
        run_in_thread(self._made[-1], pragma)


def run_in_thread(archive: SqliteArchive, statement: str) -> asyncio.Future[object]:
    """Run a statement on the connection of an archive: the way to its faults."""
    worker, database = archive._worker, archive._database  # noqa: SLF001  no other code may reach in
    assert worker is not None
    return worker.write(lambda: database.connection.execute(statement).fetchall())
