"""The archives of a run: where they store, faults of their storage, and what they have at the end."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from typing_extensions import override

from archive.base import Archive, ArchivedEntry, ArchiveOptions
from archive.postgres import PostgresArchive
from archive.sqlite import SqliteArchive
from tests.archive.postgres_storage import WRITER, execute
from tests.contract.postgres_server import PostgresServer

_FILE: Final = "hubbub.sqlite"
_DATABASE: Final = "chat"
_TABLES: Final = "INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
_PAGE: Final = 500
_DISK: Final = "8m"


class Storage(Protocol):
    """An archive's storage. Its methods block."""

    @property
    def settings(self) -> dict[str, str]:
        """A node's settings."""

    def start(self) -> None:
        """Start its server, if it has one."""

    def kill(self) -> None:
        """Kill it."""

    def stop(self) -> None:
        """Terminate it."""

    def freeze(self) -> None:
        """Suspend it."""

    def thaw(self) -> None:
        """Resume it."""

    def fill(self) -> None:
        """Refuse writes, and go on being read."""

    def empty(self) -> None:
        """Accept writes again."""

    def open(self) -> Archive:
        """Return the archive, to be read when the nodes have ended."""

    def remove(self) -> None:
        """Delete it."""


class Postgres(PostgresServer):
    """A PostgreSQL of its own, with a user that has no right but to its database."""

    def __init__(self) -> None:
        super().__init__("-c", "max_connections=60")
        self._is_new = True

    @property
    def settings(self) -> dict[str, str]:
        return {"ARCHIVE_URL": self._url, "HUBBUB_ARCHIVE_TIMEOUT": "2"}

    @override
    def start(self) -> None:
        super().start()
        if self._is_new:
            self._is_new = False
            self._run(
                "postgres", f"CREATE ROLE {WRITER} LOGIN", f"CREATE DATABASE {_DATABASE} OWNER {WRITER}"
            )

    def stop(self) -> None:
        """Shut it down without waiting for its clients."""
        assert self._process
        self._process.send_signal(signal.SIGINT)
        self._process.wait()
        self.kill()

    @override
    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    @override
    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the server and to the processes of its connections."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for pid in (self.pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def fill(self) -> None:
        self._run(_DATABASE, f"REVOKE {_TABLES} FROM {WRITER}")

    def empty(self) -> None:
        self._run(_DATABASE, f"GRANT {_TABLES} TO {WRITER}")

    def open(self) -> Archive:
        return PostgresArchive(ArchiveOptions(url=self._url))

    @property
    def _url(self) -> str:
        return self.url_of(_DATABASE).replace("hubbub@", f"{WRITER}@")

    def _run(self, database: str, *statements: str) -> None:
        asyncio.run(execute(self.url_of(database), *statements))


class Sqlite:
    """A folder on a small disk; on the system's disk, which is never full, without the right to mount one."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="hubbub-"))
        self.is_small = _mount(self._folder)

    @classmethod
    def can_be_full(cls) -> bool:
        """Return whether this user may mount the small disk."""
        made = cls()
        made.remove()
        return made.is_small

    @property
    def settings(self) -> dict[str, str]:
        return {"ARCHIVE_URL": f"sqlite:///{_FILE}", "HUBBUB_DATA": str(self._folder)}

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def stop(self) -> None: ...
    def freeze(self) -> None: ...
    def thaw(self) -> None: ...

    def fill(self) -> None:
        """Fill the disk to its last byte."""
        if self.is_small:
            with suppress(OSError), self._ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(b"." * 512)

    def empty(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def open(self) -> Archive:
        return SqliteArchive(ArchiveOptions(url=f"sqlite:///{self._folder / _FILE}"))

    def remove(self) -> None:
        if self.is_small:
            subprocess.run(["umount", "--lazy", self._folder], check=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _ballast(self) -> Path:
        return self._folder / "ballast"


def _mount(folder: Path) -> bool:
    """Mount a small disk; return False without the right to."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


_MAKERS: Final[dict[str, type[Postgres | Sqlite]]] = {"postgres": Postgres, "sqlite": Sqlite}


def make(name: str) -> Storage | None:
    """Return an archive's storage, not started yet; None without an archive."""
    return _MAKERS[name]() if name else None


async def read(archive: Archive, room: str) -> AsyncIterator[ArchivedEntry]:
    """Read all entries of a room, epoch by epoch."""
    for head in await archive.epochs(room):
        after, more = 0, True
        while more:
            page = await archive.page(room, head.epoch, after=after, limit=_PAGE)
            for entry in page.entries:
                after = entry.offset
                yield entry
            more = page.newer
