"""Implement the broker contract in memory: all nodes share one process, and the backbone is an object."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from typing_extensions import override

from brokers.base import Broker, BrokerOptions, Listener, Page, Position, Receipt, check_paging
from brokers.errors import BrokerClosed, BrokerError, BrokerRefused
from brokers.memory_log import MemoryLog

logger: Final = logging.getLogger(__name__)

# Seconds between two trims of idle rooms, to bound their cost under load.
_TIDY_EVERY: Final = 0.001

Call: TypeAlias = Callable[[Listener], None]


@dataclass(slots=True, eq=False)
class Recipients:
    """The recipients of a call: read when the call is made, so a node that unsubscribed since is left out."""

    listeners: tuple[Listener, ...] = ()


@dataclass(slots=True, eq=False, kw_only=True)
class MemoryRoom(Recipients):
    """A room on the hub: its log, and the listeners of the subscribed nodes."""

    log: MemoryLog


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
        self._rooms: OrderedDict[str, MemoryRoom] = OrderedDict()  # the next one to trim first
        self._quiet: OrderedDict[str, MemoryRoom] = (
            OrderedDict()
        )  # rooms without subscribers, the longest idle first
        self._calls: deque[tuple[Recipients, Call]] = deque()
        self._calling = False
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
        room = self._rooms.get(name) or self._open(name)
        log = room.log
        known = log.stored(key, now)
        if known is not None:
            return Receipt(log.epoch, known, duplicate=True)
        entry = log.append(payload, key, now)
        if room.listeners:
            self.send(room, lambda listener: listener.deliver(entry))
        else:
            self._quiet.move_to_end(name)
        if now >= self._tidy_at:
            self._tidy_next(now)
        return Receipt(log.epoch, entry.offset, duplicate=False)

    def emit(self, name: str, payload: bytes) -> None:
        """Deliver a signal to the subscribers."""
        if room := self._rooms.get(name):
            self.send(room, lambda listener: listener.signal(name, payload))

    def send(self, audience: Recipients, call: Call) -> None:
        """Make a call to each listener, after all calls that were queued before.

        A listener that publishes during a call only adds to the queue, so every listener receives entries in
        order.
        """
        self._calls.append((audience, call))
        if self._calling:
            return
        self._calling = True
        try:
            while self._calls:
                self._make(*self._calls.popleft())
        finally:
            self._calling = False

    def _make(self, audience: Recipients, call: Call) -> None:
        for listener in audience.listeners:
            try:
                call(listener)
            except Exception:
                logger.exception("listener_failed")

    def subscribe(self, name: str, listener: Listener) -> Position:
        """Add a listener to a room; create the room if needed."""
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
            self._forget_down_to(self._retention.rooms)
        else:
            del self._rooms[name]  # nothing was stored, so its epoch may be used again

    def history(self, name: str, *, after: int | None, before: int | None, limit: int) -> Page:
        """Read a page; reading creates no room."""
        if room := self._rooms.get(name):
            return room.log.page(after=after, before=before, limit=limit, now=self._clock())
        return Page((), self.head(name), trimmed=False, more=False)

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
            "rooms": len(logs),
            "entries": sum(map(len, logs)),
            "bytes": sum(log.size for log in logs),
            "keys": sum(log.keys for log in logs),
        }

    def _open(self, name: str) -> MemoryRoom:
        self._forget_down_to(self._retention.rooms - 1)
        room = MemoryRoom(log=MemoryLog(name, self._epoch, self._retention, self._key_window))
        self._rooms[name] = self._quiet[name] = room
        return room

    def _forget_down_to(self, rooms: int) -> None:
        while len(self._rooms) > rooms and self._quiet:
            name, _ = self._quiet.popitem(last=False)
            del self._rooms[name]
            self._forgotten += 1

    def _tidy_next(self, now: float) -> None:
        self._tidy_at = now + _TIDY_EVERY
        name = next(iter(self._rooms))
        if self._rooms[name].log.trim(now):
            self._rooms.move_to_end(name)


class MemoryBroker(Broker):
    """A node on a hub; it creates a hub of its own if none is given."""

    def __init__(self, options: BrokerOptions, hub: Hub | None = None) -> None:
        super().__init__(options)
        self._hub = hub or Hub(options)
        self._listener: Listener | None = None
        self._subscribed: set[str] = set()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @override
    async def start(self, listener: Listener) -> None:
        if self._closed:
            raise BrokerClosed("a closed broker can't be started again")
        # In Python 3.11 asking for the running loop costs a system call: too much for each message.
        self._loop = asyncio.get_running_loop()
        self._listener = listener

    @override
    async def close(self) -> None:
        if self._listener is not None:
            for room in self._subscribed:
                self._hub.unsubscribe(room, self._listener)
        self._subscribed.clear()
        self._listener = None
        self._closed = True

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        loop = self._loop or asyncio.get_running_loop()
        answer: asyncio.Future[Receipt] = loop.create_future()
        try:
            self._started()
            answer.set_result(self._hub.publish(room, payload, key))
        except BrokerError as error:
            answer.set_exception(error)
        return answer

    @override
    async def subscribe(self, room: str) -> Position:
        listener = self._started()
        if room in self._subscribed:
            return self._hub.head(room)
        self._subscribed.add(room)
        return self._hub.subscribe(room, listener)

    @override
    async def unsubscribe(self, room: str) -> None:
        listener = self._started()
        if room in self._subscribed:
            self._subscribed.remove(room)
            self._hub.unsubscribe(room, listener)

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
    def emit(self, room: str, payload: bytes) -> None:
        self._started()
        self._hub.emit(room, payload)

    @override
    async def probe(self) -> None:
        arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._hub.send(Recipients((self._started(),)), lambda _: arrived.set_result(None))
        await arrived

    @override
    def stats(self) -> Mapping[str, float]:
        return self._hub.stats()

    def _started(self) -> Listener:
        if self._listener is None:
            raise BrokerClosed("the broker was closed" if self._closed else "the broker has not been started")
        return self._listener
