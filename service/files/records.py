"""What is stored about a file, beside its bytes. An id has 128 random bits: it is all that a reader needs."""

from __future__ import annotations

import re
import secrets
from typing import Final, TypeVar

import msgspec

from hubbub_protocol.events import File
from service.files.store import Store

T = TypeVar("T", bound=msgspec.Struct)

_ID: Final = re.compile(r"[0-9a-f]{32}")
# The blobs of one file begin with its id.
RECORD: Final = ".record"
CONTENT: Final = ".content"
USE: Final = ".use"


class FileRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that a user uploads to a room. `at` is when it began, in ms since 1970.

    `complete`: all bytes are stored. Then the type of an image, and its size, are those that were found.
    """

    room: str
    user_id: str
    name: str
    size: int
    type: str
    at: int
    complete: bool = False
    width: int | None = None
    height: int | None = None

    def file(self, file_id: str) -> File:
        """Return what the message says about it."""
        return File(file_id, self.name, self.size, self.type, self.width, self.height)


class FileUse(msgspec.Struct, frozen=True, omit_defaults=True):
    """The message that a file belongs to: its author and key, and its position once it is stored."""

    scope: str
    key: str
    at: int
    epoch: str | None = None
    offset: int = 0


class Records:
    """Reads and writes the records of files.

    Attributes:
        stored_bytes: the bytes of all files; what other nodes change is in it from the next count on.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.stored_bytes = 0

    async def record(self, file_id: str) -> FileRecord | None:
        """Return the record of a file; None if there is none, or the id is malformed."""
        return await self._read(file_id, RECORD, FileRecord)

    async def use(self, file_id: str) -> FileUse | None:
        """Return the message of a file; None if there is none yet."""
        return await self._read(file_id, USE, FileUse)

    async def put(self, file_id: str, value: FileRecord | FileUse, *, replace: bool = False) -> bool:
        """Store a record; return whether it was stored."""
        suffix = RECORD if isinstance(value, FileRecord) else USE
        return await self._store.put(file_id + suffix, msgspec.json.encode(value), replace=replace)

    async def remove(self, file_id: str) -> None:
        """Remove a file: first its record, so that it is not served any more."""
        record = await self.record(file_id)
        if record is not None and record.complete:
            self.stored_bytes -= record.size
        for suffix in (RECORD, CONTENT, USE):
            await self._store.remove(file_id + suffix)

    async def _read(self, file_id: str, suffix: str, kind: type[T]) -> T | None:
        if not is_id(file_id):
            return None
        content = await self._store.get(file_id + suffix)
        try:
            return None if content is None else msgspec.json.decode(content, type=kind)
        except msgspec.DecodeError:
            return None


def new_id() -> str:
    """Make the id of a file."""
    return secrets.token_hex(16)


def is_id(text: str) -> bool:
    """Return whether a text can be the id of a file."""
    return _ID.fullmatch(text) is not None
