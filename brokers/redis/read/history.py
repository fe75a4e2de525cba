"""What is asked of Redis about rooms: pages of their entries, and their heads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias, cast

from brokers.base import Entry, Page, Position, Retention
from brokers.redis.connection.client import Reply, expect, pack
from brokers.redis.keyspace import Keyspace
from brokers.redis.read.requests import ScriptCall, ShardRequests
from brokers.redis.scripts.library import HISTORY
from brokers.redis.topology.shards import Shards

# A stream's offsets end here; what lies beyond is asked for like the end.
_LARGEST: Final = 2**63
_WITH_PREV: Final = 7

# An id, and the fields: p, payload, t, time, b, bytes before, and where any were left out v, offset before.
Stored: TypeAlias = tuple[bytes, list[bytes]]


class RedisReader:
    """The read side of one node."""

    def __init__(self, shards: Shards, asking: ShardRequests, names: Keyspace, retention: Retention) -> None:
        self._shards = shards
        self._asking = asking
        self._names = names
        self._bounds = (retention.size, int(retention.age * 1000))

    async def forward(self, room: str, after: int, limit: int) -> Page:
        """Read the first entries behind an offset."""
        start = min(after, _LARGEST) + 1
        epoch, head, gone, stored = await self._read(room, "+", str(start), limit)
        entries = _entries(room, epoch, stored[:limit])
        return Page(tuple(entries), Position(epoch, head), trimmed=after < gone, more=len(stored) > limit)

    async def backward(self, room: str, before: int | None, limit: int) -> Page:
        """Read the last entries ahead of an offset, or of the room."""
        start = "+" if before is None else str(min(max(before - 1, 0), _LARGEST))
        epoch, head, _, stored = await self._read(room, "-", start, limit)
        entries = _entries(room, epoch, stored[:limit])
        entries.reverse()
        return Page(tuple(entries), Position(epoch, head), trimmed=False, more=len(stored) > limit)

    async def last(self, rooms: Sequence[str]) -> list[Entry | None]:
        """Read the last entry of each room that has any."""
        replies = await self._asking.call_each(HISTORY, [self._call(room, "-", "+", 1) for room in rooms])
        found: list[Entry | None] = []
        for room, reply in zip(rooms, replies, strict=True):
            epoch, _, _, stored = _page(expect(reply))
            found.append(next(iter(_entries(room, epoch, stored)), None))
        return found

    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        """Tell where each room ends; one that nobody ever used has no epoch yet."""
        asked = dict.fromkeys(rooms)
        if not asked:
            return {}
        replies = await self._asking.ask(
            [(self._shards.slot(room), pack("HMGET", self._names.head(room), "e", "o")) for room in asked]
        )
        return {room: _position(reply) for room, reply in zip(asked, replies, strict=True)}

    async def open(self, room: str, epoch: str) -> Position:
        """Tell where a room ends, and give it an epoch if it has none: somebody waits for its first entry."""
        head, slot = self._names.head(room), self._shards.slot(room)
        created, reply = await self._asking.ask(
            [(slot, pack("HSETNX", head, "e", epoch)), (slot, pack("HMGET", head, "e", "o"))]
        )
        expect(created)
        return _position(reply)

    async def _read(self, room: str, way: str, start: str, limit: int) -> tuple[str, int, int, list[Stored]]:
        # One more than asked for tells whether there is more.
        [reply] = await self._asking.call_each(
            HISTORY, [self._call(room, way, start, min(limit, _LARGEST - 1) + 1)]
        )
        return _page(expect(reply))

    def _call(self, room: str, way: str, start: str, number: int) -> ScriptCall:
        keys = (self._names.head(room), self._names.stream(room))
        return ScriptCall(self._shards.slot(room), keys, (way, start, number, *self._bounds))


def _page(reply: Reply) -> tuple[str, int, int, list[Stored]]:
    """Read what the script returned: epoch, head, the last offset that is gone, and entries."""
    epoch, head, gone, stored = cast(tuple[bytes, int, int, list[Stored]], reply)
    return epoch.decode(), head, gone, stored


def _entries(room: str, epoch: str, stored: Iterable[Stored]) -> list[Entry]:
    """Make entries of what a stream holds. Offsets are counted one by one, unless an entry tells another."""
    entries = []
    for name, fields in stored:
        offset = int(name.partition(b"-")[0])
        prev = int(fields[7]) if len(fields) > _WITH_PREV else offset - 1
        entries.append(Entry(room, epoch, prev, offset, fields[1]))
    return entries


def _position(reply: Reply) -> Position:
    epoch, offset = cast(tuple[bytes | None, bytes | None], expect(reply))
    return Position((epoch or b"").decode(), int(offset or 0))
