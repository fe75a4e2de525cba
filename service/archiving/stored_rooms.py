"""The names of the rooms in the archive, for the directory: only those that the reader may know of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from archive.base import Archive, ArchiveHead

# Reads of the archive for one page: a token may name very many prefixes without rooms.
MAX_READS: Final = 20
# Names that are looked up for one page.
MAX_NAMES: Final = 1_000
# After every name with a beginning.
_LAST: Final = "\U0010ffff"


class StoredPage(NamedTuple):
    """Names in alphabetical order. `end`: everything up to there was read; None if that is all."""

    rooms: list[str]
    end: str | None


class StoredRoom(NamedTuple):
    """The head of a room, and when its last entry was stored (ms since 1970), if that is kept."""

    head: ArchiveHead
    at: int | None


class StoredRooms:
    """Lists the rooms of one archive.

    Args:
        archive: where they are.
        most_reads, most_names: the bounds of one page.
    """

    def __init__(self, archive: Archive, *, most_reads: int = MAX_READS, most_names: int = MAX_NAMES) -> None:
        self._archive = archive
        self._most_reads = most_reads
        self._most_names = most_names

    async def page(self, names: Iterable[str], prefixes: Iterable[str], after: str, most: int) -> StoredPage:
        """Read up to `most` of the given rooms, and of those that begin with a prefix, after a name.

        No other names are read past: so `end` names no room that the reader may not know of.

        Raises:
            ArchiveError: the archive can't be read now.
        """
        ranges = [each for each in _disjoint(prefixes) if after < each + _LAST]
        exact = {name for name in (*names, *ranges) if name > after}
        some = sorted(exact)[: self._most_names]
        end = some[-1] if len(some) < len(exact) else None
        found = set(await self._archive.heads(some) if some else ())
        for number, prefix in enumerate(ranges):
            if number == self._most_reads:
                end = min(end or _LAST, ranges[number - 1] + _LAST)
                break
            found.update(await self._beginning(prefix, max(after, prefix), most))
            if sum(name < prefix + _LAST for name in found) > most:
                break
        rooms = sorted(name for name in found if end is None or name <= end)
        if len(rooms) > most:
            return StoredPage(rooms[:most], rooms[most - 1])
        return StoredPage(rooms, end)

    async def describe(self, rooms: Iterable[str]) -> dict[str, StoredRoom]:
        """Read the heads of rooms, and the times of their last entries. Raises as `page`."""
        names = list(rooms)
        if not names:
            return {}
        heads, times = await self._archive.heads(names), await self._archive.newest(names)
        return {name: StoredRoom(head, times.get(name)) for name, head in heads.items()}

    async def _beginning(self, prefix: str, after: str, most: int) -> list[str]:
        read = await self._archive.rooms(after=after, limit=most + 1)
        return [name for name in read if name.startswith(prefix)]


def _disjoint(prefixes: Iterable[str]) -> list[str]:
    """Leave out prefixes that begin with another one; the others are in alphabetical order."""
    kept: list[str] = []
    for prefix in sorted(prefixes):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept
