"""Implement the broker contract in memory: all nodes share one process, and the backbone is an object."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from typing_extensions import override

from brokers.base import BrokerOptions, Listener, Page, Position, Receipt, check_paging
from brokers.calls import Audience, Calls
from brokers.errors import BrokerRefused, TooManyRooms, WritesRefused
from brokers.hub_broker import HubBroker
from brokers.memory_log import ENTRY_BYTES, KEY_BYTES, MemoryLog, StoredBytes

# Seconds between two trims of idle rooms, to bound their cost under load.
_TIDY_EVERY: Final = 0.001
# Idle rooms that are examined when a new room needs a place.
_EXAMINED: Final = 64
# Bytes of the largest room that are trimmed at once for others.
_SHED_AT_ONCE: Final = 64 * 1024


class MemoryRoom(Audience):
    """A room on the hub: its log, and the listeners of the subscribed nodes."""

    __slots__ = ("log",)

    def __init__(self, log: MemoryLog) -> None:
        super().__init__()
        self.log = log


class Hub:
    """The backbone: one per process, shared by its nodes.

    There is no timer. Each publish also trims one other room in turn, at most a thousand per second: idle
    rooms drop expired entries, a few at a time, and no call has to wait for all of them.
    """

    def __init__(self, options: BrokerOptions, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._retention = options.retention
        self._key_window = options.key_window
        self._clock = clock
        self._identity = secrets.token_hex(6)
        self._forgotten = 0
        self._stored = StoredBytes()
        self._written = 0  # rooms with entries, trimmed ones included
        self._rooms: OrderedDict[str, MemoryRoom] = OrderedDict()  # the next one to trim first
        self._quiet: OrderedDict[str, MemoryRoom] = (
            OrderedDict()
        )  # rooms without subscribers, the longest idle first
        self.calls = Calls()
        self._tidy_at = -math.inf

    @property
    def _epoch(self) -> str:
        """The epoch of a new room. The counter differs for a room that was evicted and is created again."""
        return f"{self._identity}.{self._forgotten}"

    def publish(self, name: str, payload: bytes, key: str) -> Receipt:
        """Store an entry once, and deliver it."""
        if len(payload) > self._retention.size:
            raise BrokerRefused(
                f"Payload too large: {len(payload)} bytes. A room keeps at most {self._retention.size} bytes"
            )
        now = self._clock()
        room = self._rooms.get(name)
        if room is None or not room.log.offset:
            self._make_place(now)
            room = room or self._open(name)
            self._written += 1
        log = room.log
        known = log.stored(key, now)
        if known is not None:
            return Receipt(log.epoch, known, duplicate=True)
        if self._stored.total + len(payload) + ENTRY_BYTES + KEY_BYTES > self._retention.total:
            self._make_space(log, len(payload) + ENTRY_BYTES + KEY_BYTES)
        entry = log.append(payload, key, now)
        if room.listeners:
            self.calls.make(room, lambda listener: listener.deliver(entry))
        else:
            self._quiet.move_to_end(name)
        if now >= self._tidy_at:
            self._tidy_next(now)
        return Receipt(log.epoch, entry.offset, duplicate=False)

    def emit(self, name: str, payload: bytes) -> None:
        """Deliver a signal to the subscribers."""
        if room := self._rooms.get(name):
            self.calls.make(room, lambda listener: listener.signal(name, payload))

    def subscribe(self, name: str, listener: Listener) -> Position:
        """Add a listener to a room. One without entries is here only as long as it has listeners."""
        room = self._rooms.get(name) or self._open(name)
        self._quiet.pop(name, None)
        room.listeners = (*room.listeners, listener)
        return room.log.head

    def unsubscribe(self, name: str, listener: Listener) -> None:
        """Remove a listener from a room that it is subscribed to."""
        room = self._rooms[name]
        place = room.listeners.index(listener)
        room.listeners = room.listeners[:place] + room.listeners[place + 1 :]
        if room.listeners:
            return
        if room.log.offset:
            self._quiet[name] = room
        else:
            del self._rooms[name]  # nothing was stored, so its epoch may be used again

    def history(self, name: str, *, after: int | None, before: int | None, limit: int) -> Page:
        """Read a page; reading creates no room."""
        if room := self._rooms.get(name):
            return room.log.page(after=after, before=before, limit=limit, now=self._clock())
        return Page((), self.head(name), trimmed=False, more=False)

    def erase(self, name: str, offsets: Iterable[int], payload: bytes) -> None:
        """Replace the payloads of entries, but not of the last one."""
        if room := self._rooms.get(name):
            for offset in offsets:
                if offset != room.log.offset:
                    room.log.replace(offset, payload)

    def head(self, name: str) -> Position:
        """Return the position of the last entry; asking creates no room."""
        room = self._rooms.get(name)
        return room.log.head if room else Position(self._epoch, 0)

    def stats(self) -> Mapping[str, float]:
        """Count what is stored, after trimming what has expired."""
        now = self._clock()
        logs = [room.log for room in self._rooms.values()]
        for log in logs:
            log.trim(now)
        return {
            "rooms": self._written,
            "entries": sum(map(len, logs)),
            "bytes": sum(log.size for log in logs),
            "keys": sum(log.keys for log in logs),
            "memory": self._stored.total,
        }

    def _open(self, name: str) -> MemoryRoom:
        room = MemoryRoom(MemoryLog(name, self._epoch, self._retention, self._key_window, self._stored))
        self._rooms[name] = self._quiet[name] = room
        return room

    def _make_space(self, log: MemoryLog, size: int) -> None:
        """Trim what is above its share of the total: this room, otherwise the largest.

        Raises:
            WritesRefused: nothing is above its share.
        """
        total = self._retention.total
        share = total // max(self._written, 1)
        while (excess := self._stored.total + size - total) > 0:
            if log.footprint > share:
                log.shed(excess)
                continue
            largest = max((room.log for room in self._rooms.values()), key=lambda each: each.footprint)
            if largest.footprint <= share or not largest.shed(max(excess, _SHED_AT_ONCE)):
                raise WritesRefused(
                    f"Memory full: {total} bytes are in use. Retry later, or let the operator raise "
                    "HUBBUB_MEMORY_BYTES."
                )

    def _make_place(self, now: float) -> None:
        """Evict an expired room if the register is full. Raises `TooManyRooms` if there is none."""
        if self._written < self._retention.rooms:
            return
        for name, room in islice(self._quiet.items(), _EXAMINED):
            room.log.trim(now)
            if not (len(room.log) or room.log.keys):
                del self._rooms[name], self._quiet[name]
                self._written -= 1
                self._forgotten += 1
                return
        raise TooManyRooms(self._retention.rooms)

    def _tidy_next(self, now: float) -> None:
        self._tidy_at = now + _TIDY_EVERY
        name = next(iter(self._rooms))
        if self._rooms[name].log.trim(now):
            self._rooms.move_to_end(name)


class MemoryBroker(HubBroker[Hub]):
    """A node on a hub; it creates a hub of its own if none is given."""

    def __init__(self, options: BrokerOptions, hub: Hub | None = None) -> None:
        super().__init__(options, hub or Hub(options))

    @override
    def _store(self, room: str, payload: bytes, key: str, answer: asyncio.Future[Receipt]) -> None:
        answer.set_result(self._hub.publish(room, payload, key))

    @override
    async def subscribe(self, room: str) -> Position:
        listener = self._started()
        if room in self._subscribed:
            return self._hub.head(room)
        self._subscribed.add(room)
        return self._hub.subscribe(room, listener)

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        self._started()
        check_paging(after=after, before=before, limit=limit)
        return self._hub.history(room, after=after, before=before, limit=limit)

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        self._started()
        return {room: self._hub.head(room) for room in rooms}

    @override
    async def erase(self, room: str, offsets: Sequence[int], payload: bytes) -> None:
        self._started()
        self._hub.erase(room, offsets, payload)
