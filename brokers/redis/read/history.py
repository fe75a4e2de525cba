"""Read pages of history and heads from Redis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias, cast

from brokers.base import UNWRITTEN, Entry, Page, Position, Retention
from brokers.redis.clock import SteadyClock
from brokers.redis.connection.client import Reply, expect, pack
from brokers.redis.keyspace import Keyspace
from brokers.redis.read.requests import ScriptCall, ShardRequests
from brokers.redis.scripts.library import BEGIN_ROOM, ERASE, HISTORY
from brokers.redis.topology.shards import Shards

# Stream ids end here; a larger offset is treated as this one.
_LARGEST: Final = 2**63
_WITH_PREV: Final = 7
# Offsets of one call: a script has room for some thousand arguments.
_ERASED_AT_ONCE: Final = 1_000

# Id and fields: p, payload, t, time, b, bytes before, and after skipped offsets also v, previous offset.
Stored: TypeAlias = tuple[bytes, list[bytes]]


class RedisReader:
    """Reads history and heads for one node."""

    def __init__(
        self,
        shards: Shards,
        requests: ShardRequests,
        keyspace: Keyspace,
        retention: Retention,
        clock: SteadyClock,
    ) -> None:
        self._shards = shards
        self._requests = requests
        self._keyspace = keyspace
        self._clock = clock
        self._bounds = (retention.size, int(retention.age * 1000))

    async def forward(self, room: str, after: int, limit: int) -> Page:
        """Read the first entries after an offset, up to a hole, if there is one."""
        start = min(after, _LARGEST) + 1
        epoch, head, gone, stored = await self._read(room, "+", str(start), limit)
        whole = _entries(room, epoch, stored)
        entries = whole[: min(limit, _run(whole))]
        # Without a page a stream that lacks its end looks like one of which there is no more.
        reached = entries[0].prev if entries else head
        trimmed = after < max(gone, reached)
        return Page(tuple(entries), Position(epoch, head), trimmed, more=len(whole) > len(entries))

    async def backward(self, room: str, before: int | None, limit: int) -> Page:
        """Read the last entries before an offset, or of the room."""
        start = "+" if before is None else str(min(max(before - 1, 0), _LARGEST))
        epoch, head, _, stored = await self._read(room, "-", start, limit)
        whole = _entries(room, epoch, stored)
        whole.reverse()
        entries = whole[-limit:]
        entries = entries[_last_hole(entries) :]
        return Page(tuple(entries), Position(epoch, head), trimmed=False, more=len(whole) > len(entries))

    async def last(self, rooms: Sequence[str]) -> list[Entry | None]:
        """Read the last entry of each room that has one."""
        replies = await self._requests.call_each(HISTORY, [self._call(room, "-", "+", 1) for room in rooms])
        found: list[Entry | None] = []
        for room, reply in zip(rooms, replies, strict=True):
            epoch, _, _, stored = _page(expect(reply))
            found.append(next(iter(_entries(room, epoch, stored)), None))
        return found

    async def erase(self, room: str, offsets: Sequence[int], payload: bytes) -> None:
        """Replace the payloads of entries, but not of the last one."""
        epoch = (await self.heads([room]))[room].epoch
        keys = (self._keyspace.head(room), self._keyspace.stream(room))
        for start in range(0, len(offsets), _ERASED_AT_ONCE):
            some = offsets[start : start + _ERASED_AT_ONCE]
            call = ScriptCall(self._shards.slot(room), keys, (payload, epoch, *some))
            [reply] = await self._requests.call_each(ERASE, [call])
            expect(reply)

    async def begin(self, room: str, position: Position) -> Position:
        """Let a room without entries continue after a position; return where it is then."""
        call = ScriptCall(self._shards.slot(room), (self._keyspace.head(room),), tuple(position))
        [reply] = await self._requests.call_each(BEGIN_ROOM, [call])
        return _position(reply)

    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        """Read the head of each room; one in which nothing was written has the epoch `UNWRITTEN`."""
        asked = dict.fromkeys(rooms)
        if not asked:
            return {}
        replies = await self._requests.ask(
            [(self._shards.slot(room), pack("HMGET", self._keyspace.head(room), "e", "o")) for room in asked]
        )
        return {room: _position(reply) for room, reply in zip(asked, replies, strict=True)}

    async def _read(self, room: str, way: str, start: str, limit: int) -> tuple[str, int, int, list[Stored]]:
        # One more than requested: it shows whether there is more.
        [reply] = await self._requests.call_each(
            HISTORY, [self._call(room, way, start, min(limit, _LARGEST - 1) + 1)]
        )
        return _page(expect(reply))

    def _call(self, room: str, way: str, start: str, number: int) -> ScriptCall:
        keys = (self._keyspace.head(room), self._keyspace.stream(room))
        now = self._clock.milliseconds()
        return ScriptCall(self._shards.slot(room), keys, (way, start, number, *self._bounds, now))


def _page(reply: Reply) -> tuple[str, int, int, list[Stored]]:
    """Parse the reply of the script: epoch, head, last trimmed offset, entries."""
    epoch, head, gone, stored = cast(tuple[bytes, int, int, list[Stored]], reply)
    return epoch.decode() or UNWRITTEN, head, gone, stored


def _entries(room: str, epoch: str, stored: Iterable[Stored]) -> list[Entry]:
    """Convert stream entries. Offsets are consecutive, unless an entry names its predecessor."""
    entries = []
    for name, fields in stored:
        offset = int(name.partition(b"-")[0])
        prev = int(fields[7]) if len(fields) > _WITH_PREV else offset - 1
        entries.append(Entry(room, epoch, prev, offset, fields[1]))
    return entries


def _position(reply: Reply) -> Position:
    epoch, offset = cast(tuple[bytes | None, bytes | None], expect(reply))
    return Position(epoch.decode() if epoch else UNWRITTEN, int(offset or 0))


def _run(entries: Sequence[Entry]) -> int:
    """Count the entries before the first hole: a stream restored from an older copy lacks its end."""
    holes = (place for place in range(1, len(entries)) if _is_hole(entries, place))
    return next(holes, len(entries))


def _last_hole(entries: Sequence[Entry]) -> int:
    """Find the first entry after the last hole."""
    return next((place for place in range(len(entries) - 1, 0, -1) if _is_hole(entries, place)), 0)


def _is_hole(entries: Sequence[Entry], place: int) -> bool:
    return entries[place].prev != entries[place - 1].offset
