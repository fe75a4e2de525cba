"""The rooms of this node: opened by a first member, given up a while after the last, fed by the broker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from brokers.base import Broker, Entry
from brokers.errors import BrokerError
from service.cluster.cluster import Cluster
from service.cluster.room_listing import RoomListing
from service.cluster.signals import ListRooms, RoomsListed, Typing, decode
from service.rooms.room import Room
from service.runtime.metrics import Metrics
from service.runtime.tasks import Tasks
from service.settings import Settings
from service.settings.tuning import DEFAULTS, Tuning

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# Entries read into a room's log when it's opened, so that joins need no read of their own.
PRIME: Final = 200
HEADS_AT_ONCE: Final = 1_000
# How long a room that is opened waits for the other nodes to say who is there (seconds).
INTRODUCTION: Final = 0.3

_log: Final = logging.getLogger(__name__)


class RoomRegistry:
    """All rooms of this node, and the broker's listener.

    Attributes:
        census: which rooms are open on all nodes.
        broker_fault: why the broker is out of reach, while it is.
    """

    def __init__(
        self,
        cluster: Cluster,
        broker: Broker,
        tasks: Tasks,
        *,
        metrics: Metrics,
        settings: Settings,
        tuning: Tuning = DEFAULTS,
    ) -> None:
        self._make: Callable[[str], Room] = lambda name: Room(
            name, cluster, broker, tasks, metrics=metrics, settings=settings, tuning=tuning
        )
        self._cluster = cluster
        self._broker = broker
        self._tasks = tasks
        self._metrics = metrics
        self._linger = settings.linger_seconds
        self._most_early = tuning.early_entries
        self._rooms: dict[str, Room] = {}
        self._closed = False
        self.census = RoomListing(
            cluster,
            metrics,
            lambda: ((room.name, len(room.roster)) for room in self if room.opened),
            timeout=tuning.listing_timeout,
        )
        self.broker_fault: str | None = None

    def __len__(self) -> int:
        return len(self._rooms)

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def get(self, name: str) -> Room | None:
        """Give a room that is open on this node."""
        return self._rooms.get(name)

    def ready(self, name: str) -> Room | None:
        """Give a room that is subscribed to, and isn't being given up just now."""
        room = self._rooms.get(name)
        return room if room and room.opened and not room.lock.locked() else None

    @asynccontextmanager
    async def open(self, name: str) -> AsyncIterator[Room]:
        """Subscribe to a room if that's needed, and hold it for the time of the block.

        Raises:
            BrokerError: the room can't be subscribed to now.
        """
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = self._make(name)
        room.holds += 1
        room.stop_lingering()
        try:
            # The lock is held around the registry change and the broker's call, so that of two first
            # members one subscribes and the other waits, and neither meets an unsubscribe.
            async with room.lock:
                if not room.opened:
                    await self._subscribe(room)
            yield room
        finally:
            room.holds -= 1
            self.release(room)

    def release(self, room: Room) -> None:
        """Give a room up after a while, if nobody holds it by then."""
        if self._closed or room.holds or room.linger is not None:
            return
        # A room that nobody ever wrote in isn't worth the wait: nothing would have to be read again.
        wait = self._linger if room.log.end else 0
        room.linger = asyncio.get_running_loop().call_later(wait, self._retire, room)

    def close(self) -> None:
        """Stop all rooms' timers, and take nothing from the broker any more."""
        self._closed = True
        for room in self._rooms.values():
            room.close()
        self._rooms.clear()

    # The broker's listener ------------------------------------------------------------------------

    def deliver(self, entry: Entry) -> None:
        """Take an entry of a subscribed room."""
        room = self._rooms.get(entry.room)
        if room is None:
            return
        self._metrics.messages_out += 1
        if room.opened:
            room.feed.accept(entry)
        elif len(room.early) < self._most_early:
            room.early.append(entry)

    def signal(self, room: str, payload: bytes) -> None:
        """Take a signal of a subscribed room, or of the nodes among themselves."""
        signal = decode(payload)
        if isinstance(signal, Typing):
            if here := self._rooms.get(room):
                here.show_typing(signal.user)
        elif isinstance(signal, ListRooms | RoomsListed):
            self.census.hear(signal)
        elif signal is not None:
            self._cluster.hear(room, signal)

    def lost(self, reason: str) -> None:
        """Learn that the broker is out of reach."""
        self.broker_fault = reason
        self._metrics.broker_lost += 1
        self._cluster.lost()
        _log.warning("broker_lost", extra={"reason": reason})

    def restored(self) -> None:
        """Learn that the broker is back: compare all rooms at once (design §4)."""
        self.broker_fault = None
        _log.info("broker_restored")
        if not self._closed:
            self._cluster.restored()
            self._tasks.start(self._compare(), name="compare heads")

    async def _compare(self) -> None:
        names = [room.name for room in self._rooms.values() if room.opened]
        for start in range(0, len(names), HEADS_AT_ONCE):
            asked = names[start : start + HEADS_AT_ONCE]
            before = {name: self._rooms[name].feed.position for name in asked if name in self._rooms}
            try:
                heads = await self._broker.heads(asked)
            except BrokerError as error:
                # It was lost again; `restored` will be called again.
                _log.warning("heads_not_compared", extra={"reason": str(error)})
                return
            for name, head in heads.items():
                room = self._rooms.get(name)
                if room is not None and room.opened and name in before:
                    room.feed.compare(head, before[name])

    # Opening and giving up ------------------------------------------------------------------------

    async def _subscribe(self, room: Room) -> None:
        head = await self._broker.subscribe(room.name)
        introduced = self._cluster.ask_about(room.topic)
        room.fanout.restart(*head)
        room.feed.begin(head)
        early, room.early = room.early, []
        room.opened = True
        for entry in early:
            room.feed.accept(entry)
        try:
            page = await self._broker.history(room.name, limit=PRIME)
        except BrokerError as error:
            # The room is right without it; joins will read for themselves.
            _log.warning("room_not_primed", extra={"room": room.name, "reason": str(error)})
        else:
            room.log.prepend(page.entries)
        await asyncio.wait([introduced], timeout=INTRODUCTION)
        # Who was there before the first member isn't news to anybody.
        room.take_changes()

    def _retire(self, room: Room) -> None:
        room.linger = None
        if not room.holds:
            self._tasks.start(self._unsubscribe(room), name=f"give up {room.name!r}")

    async def _unsubscribe(self, room: Room) -> None:
        async with room.lock:
            if room.holds:
                return
            room.opened = False
            room.early.clear()
            try:
                await self._broker.unsubscribe(room.name)
            except BrokerError as error:
                # Nothing is lost: entries of a room that isn't here are not taken.
                _log.warning("unsubscribe_failed", extra={"room": room.name, "reason": str(error)})
            if not room.holds:
                room.close()
                self._cluster.release(room.topic)
                self._rooms.pop(room.name, None)
                # Its parts know each other, so only the collector frees them: not for that are entries kept.
                room.log.restart("", 0)
