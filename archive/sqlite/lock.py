"""One process at a time: a lock file beside the database."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from archive.errors import ArchiveInUse

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # pragma: no cover  Windows: SQLite's own locks keep the data whole there

    def _flock(descriptor: int) -> None:
        """Lock nothing."""
else:

    def _flock(descriptor: int) -> None:
        """Lock an open file for this process, without waiting."""
        flock(descriptor, LOCK_EX | LOCK_NB)


_MODE: Final = 0o600


class FileLock:
    """A lock that the system releases when the process ends, however it ends.

    The lock is on a file of its own: closing any other descriptor of a database would drop SQLite's locks.
    """

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._path = archive.with_name(archive.name + ".lock")
        self._descriptor = -1

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            ArchiveInUse: another process has it.
            OSError: the lock file can't be made.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            self._lock(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        # Only for the sentence that the next process prints: on a full disk it goes without.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Let go of the lock. Idempotent. The file stays: removing it would race with the next process."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _lock(self, descriptor: int) -> None:
        try:
            _flock(descriptor)
        except BlockingIOError:
            owner = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            which = f" (process {owner})" if owner else ""
            raise ArchiveInUse(
                f"The archive {self._archive} is in use by another hubbub{which}. Stop that one, or set "
                "another folder with HUBBUB_DATA."
            ) from None
