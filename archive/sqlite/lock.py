"""One process at a time: a lock file beside the database."""

from __future__ import annotations

import os
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
_LONGEST: Final = 200


class FileLock:
    """A lock that the system releases when the process ends, however it ends.

    It is on a file of its own: closing any other descriptor of a database would drop SQLite's locks. The file
    also has notes: the first line is the owner's process id, the rest is what `note` wrote.
    """

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._path = archive.with_name(archive.name + ".lock")
        self._descriptor = -1

    def acquire(self) -> str:
        """Take the lock; return the notes of the owner before.

        Raises:
            ArchiveInUse: another process has it.
            OSError: the lock file can't be made.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        try:
            owner, _, notes = os.pread(descriptor, _LONGEST, 0).decode(errors="replace").partition("\n")
            self._lock(descriptor, owner)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return notes

    def note(self, notes: str) -> None:
        """Replace the notes, durably."""
        content = f"{os.getpid()}\n{notes}".encode()
        # Never shorter for a moment: a crash in between leaves the old notes or the new ones.
        os.pwrite(self._descriptor, content, 0)
        os.ftruncate(self._descriptor, len(content))
        os.fsync(self._descriptor)

    def release(self) -> None:
        """Release the lock. Idempotent. The file stays: removing it would race with the next process."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _lock(self, descriptor: int, owner: str) -> None:
        try:
            _flock(descriptor)
        except BlockingIOError:
            which = f" (process {owner})" if owner else ""
            raise ArchiveInUse(
                f"The archive {self._archive} is in use by another hubbub{which}. Stop that one, or set "
                "another folder with HUBBUB_DATA."
            ) from None
