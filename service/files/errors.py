"""The error tree of files.

FileError
├── FileRefused         an upload, or a message with files, is rejected; it has a code of the protocol
└── StoreUnavailable    the storage can't be read or written now
"""

from __future__ import annotations

from hubbub_protocol import Code


class FileError(Exception):
    """The base of all errors of files."""


class FileRefused(FileError):
    """Rejected. `retry_after` is in seconds."""

    def __init__(self, code: Code, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class StoreUnavailable(FileError):
    """The storage can't be read or written now; the message says why."""
