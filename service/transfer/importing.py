"""Import: entries of a file into the archive, in their order. Importing a file again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from archive.base import Archive, ArchivedEntry
from archive.errors import ArchiveConflict
from brokers.base import Position
from service.transfer.continuing import RoomContinuation
from service.transfer.errors import LineError, TransferError
from service.transfer.lines import MOST_BYTES, check_header, decode_entry

BATCH_ENTRIES: Final = 500
BATCH_BYTES: Final = 4 * 1024 * 1024


@dataclass(slots=True)
class Imported:
    """How much was read, and how much of it was new."""

    rooms: int = 0
    entries: int = 0
    new: int = 0


@dataclass(slots=True)
class _Epoch:
    """An epoch while it is imported: what the archive had, and the last offset that was read."""

    room: str
    name: str
    base: int
    head: int
    read: int = 0


def read_lines(file: BinaryIO) -> Iterator[tuple[int, ArchivedEntry]]:
    """Yield the entries of an export with the numbers of their lines.

    Raises:
        TransferError: it is no export, a line of it can't be read, or the end is missing.
    """
    check_header(file.readline(MOST_BYTES))
    number, count = 1, 0
    while line := file.readline(MOST_BYTES + 1):
        number += 1
        if len(line) > MOST_BYTES:
            raise LineError(number, f"it is longer than {MOST_BYTES} bytes.")
        found = decode_entry(line, number)
        if isinstance(found, int):
            if found != count or file.readline(MOST_BYTES):
                raise LineError(number, f"the export ends here with {found} entries, but has others.")
            return
        count += 1
        yield number, found
    raise TransferError(
        f"it is cut off behind line {number}. The entries up to there were imported; import the whole file."
    )


class Importer:
    """Imports into one archive."""

    def __init__(
        self, archive: Archive, prefix: str = "", *, continuation: RoomContinuation | None = None
    ) -> None:
        """Import into `archive`; `continuation` is what lets the rooms of a broker continue."""
        self._archive = archive
        self._continuation = continuation
        self._prefix = prefix
        self._seen: set[str] = set()
        self._epoch: _Epoch | None = None
        self._batch: list[ArchivedEntry] = []
        self._first = self._size = 0
        self.done = Imported()

    async def run(self, entries: Iterable[tuple[int, ArchivedEntry]]) -> Imported:
        """Import entries, each with the number of its line.

        Raises:
            TransferError: an entry doesn't fit into the archive; those before it were imported.
            ArchiveError: the archive can't be written.
        """
        try:
            for line, entry in entries:
                await self._add(line, entry._replace(room=self._prefix + entry.room))
        finally:
            await self._write()
        await self._end_room()
        return self.done

    async def _add(self, line: int, entry: ArchivedEntry) -> None:
        epoch = self._epoch
        if epoch is None or (epoch.room, epoch.name) != (entry.room, entry.epoch):
            await self._write()
            epoch = self._epoch = await self._begin(line, entry)
        _check(line, entry, epoch)
        epoch.read = entry.offset
        self.done.entries += 1
        # What the archive has trimmed stays away.
        if entry.offset <= epoch.base:
            return
        self.done.new += entry.offset > epoch.head
        self._first = self._first or line
        self._batch.append(entry)
        self._size += len(entry.payload)
        if len(self._batch) >= BATCH_ENTRIES or self._size >= BATCH_BYTES:
            await self._write()

    async def _begin(self, line: int, entry: ArchivedEntry) -> _Epoch:
        """Find out what the archive has of an epoch; refuse to put an older history behind a newer one."""
        room, name = entry.room, entry.epoch
        if self._epoch is None or room != self._epoch.room:
            await self._end_room()
            if self._continuation is not None:
                await self._continuation.check(room, name)
            self._seen = set()
            self.done.rooms += 1
        known = {head.epoch: head for head in await self._archive.epochs(room)}
        if name in self._seen:
            raise LineError(line, f"the epoch {name!r} of the room {room!r} is in two places of the file.")
        self._seen.add(name)
        if name in known:
            return _Epoch(room, name, known[name].base, known[name].offset)
        if known.keys() - self._seen:
            raise LineError(
                line,
                f"the room {room!r} has another history in {self._archive.place}. Import into an empty "
                "archive, or under other names with --prefix.",
            )
        return _Epoch(room, name, 0, 0)

    async def _end_room(self) -> None:
        """Let the room that was imported last continue after its last entry."""
        if self._epoch is not None and self._continuation is not None:
            end = max(self._epoch.head, self._epoch.read)
            await self._continuation.begin(self._epoch.room, Position(self._epoch.name, end))

    async def _write(self) -> None:
        batch, first = self._batch, self._first
        self._batch, self._first, self._size = [], 0, 0
        if not batch:
            return
        try:
            await self._archive.append(batch)
        except ArchiveConflict as error:
            raise TransferError(
                f"the {len(batch)} entries from line {first} on are not in the archive: {error}"
            ) from error


def _check(line: int, entry: ArchivedEntry, epoch: _Epoch) -> None:
    if not epoch.read <= entry.prev < entry.offset:
        raise LineError(
            line, f"the entries are not in order: `prev` {entry.prev} is behind entry {epoch.read}."
        )
    if entry.prev < epoch.head < entry.offset:
        raise LineError(
            line,
            f"the room {entry.room!r} has another entry {epoch.head} in the archive, which this one doesn't "
            "follow.",
        )
