"""Uploads: a ticket, the bytes that follow it, and their limits. By node."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from time import monotonic, time
from typing import Final, NamedTuple

from msgspec.structs import replace

from hubbub_protocol import Code
from hubbub_protocol.names import file_fault
from service.files.errors import FileRefused
from service.files.images import INLINE, find_kind
from service.files.records import CONTENT, FileRecord, Records, new_id
from service.files.store import Store
from service.identity.identity import GUEST_PREFIX, Identity
from service.identity.rate_limit import ScopedRateLimit
from service.settings import Settings
from service.settings.tuning import Tuning

# A small file takes space and time too: it counts as so many bytes.
LEAST: Final = 256 * 1024
_HOUR: Final = 3600.0
# The beginning of a file in which the type and size of an image are looked for.
_HEAD: Final = 65_536
# Bytes that are written at once: a client may send them one by one.
_WRITTEN: Final = 16_384
ANY: Final = "application/octet-stream"


class Wanted(NamedTuple):
    """A file that a user wants to upload. `type` is a media type, as the client knows it."""

    name: str
    size: int
    type: str


class Uploads:
    """Takes files of users.

    Attributes:
        running: the uploads under way.
    """

    def __init__(self, store: Store, records: Records, settings: Settings, tuning: Tuning) -> None:
        self._store = store
        self._records = records
        self._settings = settings
        self._tuning = tuning
        per_hour = settings.file_bytes_per_hour
        self._bytes = ScopedRateLimit(per_hour / _HOUR, per_hour)
        self._by_scope: Counter[str] = Counter()
        self._reserved = 0
        self.running = 0

    async def begin(self, identity: Identity, address: str, room: str, wanted: Wanted) -> str:
        """Return the id of a new file, which is the ticket to upload it.

        Raises:
            FileRefused: its name, type or size is not allowed, or there are too many.
            StoreUnavailable: it can't be stored now.
        """
        self._check(wanted)
        scope = f"address:{address}" if identity.is_guest else identity.scope
        wait = self._bytes.take(scope, monotonic(), max(LEAST, wanted.size))
        if wait:
            raise FileRefused(
                Code.RATE_LIMITED,
                f"Upload rate limit exceeded: {self._settings.file_bytes_per_hour} bytes an hour are "
                f"allowed, retry after {wait:.0f} s.",
                retry_after=wait,
            )
        file_id, now = new_id(), int(time() * 1000)
        await self._records.put(file_id, FileRecord(room, identity.id, *wanted, now))
        return file_id

    def _check(self, wanted: Wanted) -> None:
        fault = file_fault(wanted.name)
        if fault is not None:
            raise FileRefused(Code.INVALID, f"Invalid file name: {fault}.")
        most = self._settings.file_bytes
        if not 0 < wanted.size <= most:
            raise FileRefused(
                Code.INVALID if wanted.size < 1 else Code.TOO_LONG,
                f"The file has {wanted.size} bytes: from 1 to {most} are allowed.",
            )
        self._check_type(wanted.type)
        self._check_space(wanted.size)

    def _check_type(self, given: str) -> None:
        allowed = self._settings.file_types
        if not any(each in ("*", given, f"{given.partition('/')[0]}/*") for each in allowed):
            raise FileRefused(
                Code.FORBIDDEN, f"Files of the type {given} are not allowed here: {', '.join(allowed)} are."
            )

    def _check_space(self, size: int) -> None:
        if self._records.stored_bytes + self._reserved + size > self._settings.files_bytes:
            raise FileRefused(
                Code.FILES_FULL, "The server has no space for more files: ask its operator, or delete some."
            )

    async def receive(
        self, file_id: str, record: FileRecord, parts: AsyncIterator[bytes], *, address: str
    ) -> FileRecord:
        """Store the bytes of a file from an address, once; return the complete record.

        Raises:
            FileRefused: it is not the file that was announced, or too many uploads are under way.
            StoreUnavailable: it can't be stored now.
        """
        with self._place(record, address):
            received = _Received(record.size)
            if not await self._store.write(file_id + CONTENT, received.checked(_gathered(parts))):
                raise already_uploaded()
            complete = _completed(record, bytes(received.head))
            try:
                self._check_type(complete.type)
            except FileRefused:
                await self._records.remove(file_id)
                raise
            await self._records.put(file_id, complete, replace=True)
            self._records.stored_bytes += record.size
        return complete

    @contextmanager
    def _place(self, record: FileRecord, address: str) -> Iterator[None]:
        """Count an upload that is under way, and reserve its bytes."""
        limits = {record.user_id: self._tuning.uploads_per_user}
        if record.user_id.startswith(GUEST_PREFIX):
            limits[f"address:{address}"] = self._tuning.uploads_per_address
        is_full = any(self._by_scope[scope] >= most for scope, most in limits.items())
        if is_full or self.running >= self._tuning.uploads:
            raise FileRefused(
                Code.RATE_LIMITED, "Too many uploads at a time: retry after 1 s.", retry_after=1.0
            )
        self._check_space(record.size)
        self.running += 1
        self._by_scope.update(limits.keys())
        self._reserved += record.size
        try:
            yield
        finally:
            self._reserved -= record.size
            self.running -= 1
            self._by_scope -= Counter(limits.keys())


class _Received:
    """The bytes of one upload, of which it keeps the first."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._size = size
        self.head = bytearray()

    async def checked(self, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the parts, and reject more or fewer bytes than were announced."""
        async for part in parts:
            self._left -= len(part)
            if self._left < 0:
                raise FileRefused(Code.TOO_LONG, f"The file is larger than the {self._size} bytes announced.")
            self.head += part[: _HEAD - len(self.head)]
            yield part
        if self._left:
            raise FileRefused(
                Code.INVALID,
                f"The file has {self._size - self._left} bytes, and {self._size} were announced.",
            )


def already_uploaded() -> FileRefused:
    """Make the error for a ticket that was used."""
    return FileRefused(Code.INVALID, "This file was uploaded already: ask for another ticket.")


def _completed(record: FileRecord, head: bytes) -> FileRecord:
    """Return the record with what the bytes show. What only claims to be such an image has no type."""
    image = find_kind(head)
    if image is not None:
        return replace(record, complete=True, type=image.type, width=image.width, height=image.height)
    return replace(record, complete=True, type=ANY if record.type in INLINE else record.type)


async def _gathered(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Join small parts."""
    gathered = bytearray()
    async for part in parts:
        gathered += part
        if len(gathered) >= _WRITTEN:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


async def with_time_limit(parts: AsyncIterator[bytes], *, stall: float) -> AsyncIterator[bytes]:
    """Yield parts; reject a client that sends none for so many seconds."""
    iterator = aiter(parts)
    while True:
        try:
            async with asyncio.timeout(stall):
                part = await anext(iterator, None)
        except TimeoutError:
            raise FileRefused(Code.INVALID, f"The upload sent nothing for {stall:g} s: try again.") from None
        if part is None:
            return
        yield part
