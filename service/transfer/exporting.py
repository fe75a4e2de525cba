"""Export: the archive as lines, in one order, a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from archive.base import Archive, ArchiveHead
from service.transfer.errors import TransferError
from service.transfer.lines import encode_end, encode_entry, encode_header

_ROOMS: Final = 1_000
_PAGE: Final = 200


@dataclass(slots=True)
class Exported:
    """How much was exported."""

    rooms: int = 0
    entries: int = 0


async def export(archive: Archive, out: BinaryIO, *, room: str | None = None) -> Exported:
    """Write one room or everything: rooms by their names, epochs and entries oldest first.

    Raises:
        TransferError: there is no such room.
        ArchiveError: the archive can't be read.
    """
    done = Exported()
    out.write(encode_header())
    async for name in _rooms(archive, room):
        done.rooms += 1
        for head in await archive.epochs(name):
            done.entries += await _export_epoch(archive, out, name, head)
    out.write(encode_end(done.entries))
    return done


async def _rooms(archive: Archive, room: str | None) -> AsyncIterator[str]:
    if room is not None:
        if not await archive.epochs(room):
            raise TransferError(f"the archive {archive.place} has no room {room!r}.")
        yield room
        return
    after: str | None = None
    while True:
        names = await archive.rooms(after=after, limit=_ROOMS)
        for name in names:
            yield name
        if len(names) < _ROOMS:
            return
        after = names[-1]


async def _export_epoch(archive: Archive, out: BinaryIO, room: str, head: ArchiveHead) -> int:
    after = count = 0
    while True:
        page = await archive.page(room, head.epoch, after=after, limit=_PAGE)
        out.writelines(map(encode_entry, page.entries))
        count += len(page.entries)
        if not page.newer:
            return count
        after = page.entries[-1].offset
