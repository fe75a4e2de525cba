"""What is asked of Redis about rooms: pages of their entries, and their heads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias, cast

from brokers.base import Entry, Page, Position, Retention
from brokers.redis.link import Link, Reply, expect, pack
from brokers.redis.names import Names
from brokers.redis.scripts import HISTORY

# A stream's offsets end here; what lies beyond is asked for like the end.
_LARGEST: Final = 2**63

# An id, and the fields: p, payload, t, time, b, bytes before.
Stored: TypeAlias = tuple[bytes, list[bytes]]


class Reader:
    """The read side of one node."""

    def __init__(self, link: Link, names: Names, retention: Retention) -> None:
        self._link = link
        self._names = names
        self._bounds = (retention.size, int(retention.age * 1000))

    async def forward(self, room: str, after: int, limit: int) -> Page:
        """Read the first entries behind an offset."""
        start = min(after, _LARGEST) + 1
        epoch, head, first, stored = await self._read(room, "+", str(start), limit)
        entries = _entries(room, epoch, stored[:limit])
        gone = start < (first or head + 1)
        return Page(tuple(entries), Position(epoch, head), trimmed=gone, more=len(stored) > limit)

    async def backward(self, room: str, before: int | None, limit: int) -> Page:
        """Read the last entries ahead of an offset, or of the room."""
        start = "+" if before is None else str(min(max(before - 1, 0), _LARGEST))
        epoch, head, _, stored = await self._read(room, "-", start, limit)
        entries = _entries(room, epoch, stored[:limit])
        entries.reverse()
        return Page(tuple(entries), Position(epoch, head), trimmed=False, more=len(stored) > limit)

    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        """Tell where each room ends; one that nobody ever used has no epoch yet."""
        asked = dict.fromkeys(rooms)
        if not asked:
            return {}
        replies = await self._link.ask(*(pack("HMGET", self._names.head(room), "e", "o") for room in asked))
        return {room: _position(reply) for room, reply in zip(asked, replies, strict=True)}

    async def open(self, room: str, epoch: str) -> Position:
        """Tell where a room ends, and give it an epoch if it has none: somebody waits for its first entry."""
        head = self._names.head(room)
        created, reply = await self._link.ask(pack("HSETNX", head, "e", epoch), pack("HMGET", head, "e", "o"))
        expect(created)
        return _position(reply)

    async def _read(self, room: str, way: str, start: str, limit: int) -> tuple[str, int, int, list[Stored]]:
        # One more than asked for tells whether there is more.
        reply = await self._link.call(
            HISTORY,
            (self._names.head(room), self._names.stream(room)),
            way,
            start,
            min(limit, _LARGEST - 1) + 1,
            *self._bounds,
        )
        epoch, head, first, stored = cast(tuple[bytes, int, int, list[Stored]], reply)
        return epoch.decode(), head, first, stored


def _entries(room: str, epoch: str, stored: Iterable[Stored]) -> list[Entry]:
    """Make entries of what a stream holds. Offsets are counted one by one: each tells the one before."""
    offsets = ((int(name.partition(b"-")[0]), fields[1]) for name, fields in stored)
    return [Entry(room, epoch, offset - 1, offset, payload) for offset, payload in offsets]


def _position(reply: Reply) -> Position:
    epoch, offset = cast(tuple[bytes | None, bytes | None], expect(reply))
    return Position((epoch or b"").decode(), int(offset or 0))
