"""Entries for tests: a room's chain, as a broker would make it."""

from __future__ import annotations

from typing import Final

from archive.base import Archive, ArchivedEntry, Author

EPOCH: Final = "epoch"
ANN: Final = Author(id="g:1", name="Ann", kind="guest")


def chain(
    room: str, *payloads: bytes, first: int = 1, at: int = 1_700_000_000_000, epoch: str = EPOCH
) -> list[ArchivedEntry]:
    """Make consecutive entries of a room, one ms apart, the first at an offset."""
    return [
        ArchivedEntry(room, epoch, offset - 1, offset, at + offset, f"key {offset}", payload, ANN)
        for offset, payload in enumerate(payloads, first)
    ]


def numbered(room: str, count: int, *, first: int = 1, at: int = 1_700_000_000_000) -> list[ArchivedEntry]:
    """Make entries whose payloads are their offsets."""
    return chain(room, *(b"%d" % number for number in range(first, first + count)), first=first, at=at)


async def everything(archive: Archive, room: str, epoch: str = EPOCH) -> list[ArchivedEntry]:
    """Read the whole history of a room, page by page."""
    entries: list[ArchivedEntry] = []
    while True:
        after = entries[-1].offset if entries else 0
        page = await archive.page(room, epoch, after=after, limit=100)
        entries += page.entries
        if not page.newer:
            return entries
