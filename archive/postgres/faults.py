"""What PostgreSQL reports, as the archive's errors: one sentence each, with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import asyncpg
from asyncpg import exceptions

from archive.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveFull,
    ArchiveMisconfigured,
    ArchiveReadOnly,
    ArchiveUnavailable,
)


def _full(place: str, reason: str) -> ArchiveError:
    return ArchiveFull(
        f"The archive {place} can't be written: {reason}. Free space on the server of the database."
    )


def _read_only(place: str, reason: str) -> ArchiveError:
    return ArchiveReadOnly(
        f"The archive {place} can't be written: {reason}. Connect to the primary server, with a user who may "
        "write to the tables of the archive."
    )


def _damaged(place: str, reason: str) -> ArchiveError:
    return ArchiveDamaged(f"The archive {place} is damaged: {reason}. Restore a backup of the database.")


def _refused(place: str, reason: str) -> ArchiveError:
    return ArchiveMisconfigured(
        f"The archive {place} refuses the connection: {reason}. Check ARCHIVE_URL, ARCHIVE_USER and "
        "ARCHIVE_PASSWORD, and the database."
    )


def _cancelled(place: str, _: str) -> ArchiveError:
    return ArchiveUnavailable(f"A search in the archive {place} took too long. Use rarer words, or a filter.")


# All that the driver raises. The last one, which is no `InterfaceError`, is raised if a statement is sent
# while the server's last message (that it ends) is being read.
RAISED: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

_DISCONNECTED: Final = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    exceptions.AdminShutdownError,
    asyncpg.InternalClientError,
)

_BY_ERROR: Final[Mapping[type[Exception], Callable[[str, str], ArchiveError]]] = {
    exceptions.QueryCanceledError: _cancelled,
    exceptions.DiskFullError: _full,
    exceptions.ReadOnlySQLTransactionError: _read_only,
    exceptions.InsufficientPrivilegeError: _read_only,
    exceptions.DataCorruptedError: _damaged,
    exceptions.IndexCorruptedError: _damaged,
    exceptions.InvalidAuthorizationSpecificationError: _refused,
    exceptions.InvalidCatalogNameError: _refused,
    exceptions.ClientConfigurationError: _refused,
    # A parameter of the URL that the server doesn't know.
    exceptions.UndefinedObjectError: _refused,
}


def translate(error: Exception, place: str) -> ArchiveError:
    """Translate an error of the driver, or of the connection."""
    reason = _reason(error)
    for kind, make in _BY_ERROR.items():
        if isinstance(error, kind):
            return make(place, reason)
    return ArchiveUnavailable(f"The archive {place} is unavailable: {reason}. hubbub tries again.")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise what the block raises as the archive's errors."""
    try:
        yield
    except RAISED as error:
        raise translate(error, place) from error


def is_disconnected(error: Exception) -> bool:
    """Return whether the connection ended: another one may work."""
    return isinstance(error, _DISCONNECTED) or (
        isinstance(error, asyncpg.InterfaceError) and "closed" in str(error)
    )


def _reason(error: Exception) -> str:
    """Return the first line of a message, without its full stop."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return (str(error).partition("\n")[0] or type(error).__name__).rstrip(".")
