"""What SQLite reports, as the archive's errors: one sentence each, with what to do."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from archive.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveFull,
    ArchiveReadOnly,
    ArchiveUnavailable,
)

_KIB: Final = 1024
_PRIMARY: Final = 0xFF  # an extended code holds the primary one in its lowest byte


def _interrupted(path: Path, _: str) -> ArchiveError:
    return ArchiveUnavailable(f"A search in the archive {path} took too long. Use rarer words, or a filter.")


def _full(path: Path, _: str) -> ArchiveError:
    return ArchiveFull(
        f"The archive {path} can't be written: the disk is full ({_free(path)} free). "
        "Free space, or move it with HUBBUB_DATA."
    )


def _read_only(path: Path, _: str) -> ArchiveError:
    return ArchiveReadOnly(
        f"The archive {path} can't be written: the file, its folder or the file system is read-only for this "
        "user. Grant write permission, or move it with HUBBUB_DATA."
    )


def _busy(path: Path, _: str) -> ArchiveError:
    return ArchiveUnavailable(
        f"The archive {path} is locked by another program that writes to it. End that program."
    )


def _damaged(path: Path, said: str) -> ArchiveError:
    return ArchiveDamaged(
        f"The archive {path} is damaged ({said}). Move it away and restore a backup: docs/operations.md."
    )


def _cannot_open(path: Path, said: str) -> ArchiveError:
    return ArchiveUnavailable(
        f"The archive {path} can't be opened ({said}). Check that its folder exists and may be read and "
        "written by this user."
    )


def _failed(path: Path, said: str) -> ArchiveError:
    return ArchiveUnavailable(f"The archive {path} can't be read or written: {said}. Check the disk.")


_KINDS: Final[dict[int, Callable[[Path, str], ArchiveError]]] = {
    sqlite3.SQLITE_FULL: _full,
    sqlite3.SQLITE_READONLY: _read_only,
    sqlite3.SQLITE_PERM: _read_only,
    sqlite3.SQLITE_INTERRUPT: _interrupted,
    sqlite3.SQLITE_BUSY: _busy,
    sqlite3.SQLITE_LOCKED: _busy,
    sqlite3.SQLITE_CORRUPT: _damaged,
    sqlite3.SQLITE_NOTADB: _damaged,
    sqlite3.SQLITE_CANTOPEN: _cannot_open,
}


_OF_SYSTEM: Final[dict[int, Callable[[Path, str], ArchiveError]]] = {
    errno.ENOSPC: _full,
    errno.EDQUOT: _full,
    errno.EROFS: _read_only,
    errno.EACCES: _read_only,
    errno.EPERM: _read_only,
}


def error_of(error: sqlite3.Error, path: Path) -> ArchiveError:
    """Translate an error of SQLite, by its code."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return _KINDS.get(code & _PRIMARY, _failed)(path, str(error))


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise the archive's errors for those of SQLite and of the file system."""
    try:
        yield
    except sqlite3.Error as error:
        raise error_of(error, path) from error
    except OSError as error:
        said = error.strerror or str(error)
        raise _OF_SYSTEM.get(error.errno or 0, _cannot_open)(path, said) from error


def _free(path: Path) -> str:
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return "an unknown amount"
    units = iter(("bytes", "KiB", "MiB", "GiB"))
    unit, amount = next(units), float(free)
    while amount >= _KIB and (larger := next(units, "")):
        unit, amount = larger, amount / _KIB
    return f"{amount:.0f} {unit}"
