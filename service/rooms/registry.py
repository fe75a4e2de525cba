"""The rooms of this node: subscribed for the first member, unsubscribed some time after the last one left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from brokers.base import Broker, Entry, Position
from brokers.errors import BrokerError
from service.archiving.stored_references import StoredReferences
from service.cluster.cluster import Cluster
from service.cluster.mark_relay import MarkRelay
from service.cluster.room_listing import RoomListing
from service.cluster.signals import ListRooms, MarksMoved, RoomsListed, TypingSignal, decode
from service.rooms.changes import ChangeReader
from service.rooms.log import RoomLog
from service.rooms.room import Room
from service.rooms.slices import Turn, next_turn
from service.runtime.metrics import Metrics
from service.runtime.tasks import Tasks
from service.settings import Settings
from service.settings.tuning import DEFAULTS, Tuning

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# Entries read into a room's log when it is opened, so that a join needs no read of its own.
PRELOAD_ENTRIES: Final = 200
HEADS_AT_ONCE: Final = 1_000
# How long a room that is opened waits for the presence state of the other nodes (seconds).
PRESENCE_WAIT: Final = 0.3

_log: Final = logging.getLogger(__name__)


class RoomRegistry:
    """All rooms of this node, and the broker's listener.

    Attributes:
        get: returns a room that is open on this node, by its name.
        listing: lists the open rooms of all nodes.
        marks: reports the read marks that moved on any node.
        broker_fault: why the broker is unreachable; None while it is reachable.
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
        stored: StoredReferences | None = None,
        turn: Turn = next_turn,
    ) -> None:
        self._read_changes: Callable[[str, RoomLog | None], ChangeReader] = lambda name, log: ChangeReader(
            name, broker, log, stored, window=tuning.change_window, turn=turn
        )
        self._make: Callable[[str], Room] = lambda name: Room(
            name,
            cluster,
            broker,
            tasks,
            self._read_changes,
            metrics=metrics,
            settings=settings,
            tuning=tuning,
        )
        self._cluster = cluster
        self._broker = broker
        self._tasks = tasks
        self._metrics = metrics
        self._linger_seconds = settings.linger_seconds
        self._max_early_entries = tuning.early_entries
        self._rooms: dict[str, Room] = {}
        # The dict's own method, because each message asks.
        self.get: Callable[[str], Room | None] = self._rooms.get
        self._closed = False
        self.listing = RoomListing(
            cluster,
            metrics,
            lambda: ((room.name, len(room.roster)) for room in self if room.opened),
            lambda name: self._rooms[name].end,
            timeout=tuning.listing_timeout,
        )
        self.marks = MarkRelay(cluster)
        self.broker_fault: str | None = None

    def __len__(self) -> int:
        return len(self._rooms)

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def ready(self, name: str) -> Room | None:
        """Return a room that is subscribed and not about to be unsubscribed."""
        room = self._rooms.get(name)
        return room if room and room.opened and not room.lock.locked() else None

    def changes(self, name: str) -> ChangeReader:
        """Return a reader of the changes of a room, whether or not it is open on this node."""
        room = self.ready(name)
        return room.changes if room is not None else self._read_changes(name, None)

    @asynccontextmanager
    async def open(self, name: str) -> AsyncIterator[Room]:
        """Subscribe to a room if needed, and keep the subscription for the time of the block.

        Raises:
            BrokerError: the room can't be subscribed now.
        """
        room = self._rooms.get(name)
        if room is None:
            room = self._rooms[name] = self._make(name)
        room.references += 1
        room.cancel_unsubscribe()
        try:
            # The lock is held around the registry change and the broker's call. If two first members join at
            # once, one subscribes and the other waits, and no unsubscribe runs in between.
            async with room.lock:
                if not room.opened:
                    await self._subscribe(room)
            yield room
        finally:
            room.references -= 1
            self.release(room)

    def release(self, room: Room) -> None:
        """Unsubscribe from a room after a delay, if it has no references by then."""
        if self._closed or room.references or room.unsubscribe_timer is not None:
            return
        # A room without entries is unsubscribed at once: nothing would have to be read again.
        wait = self._linger_seconds if room.log.end else 0
        room.unsubscribe_timer = asyncio.get_running_loop().call_later(wait, self._start_unsubscribe, room)

    def close(self) -> None:
        """Stop all rooms' timers, and ignore what the broker delivers."""
        self._closed = True
        self.marks.close()
        for room in self._rooms.values():
            room.close()
        self._rooms.clear()

    # What the archive copies from -----------------------------------------------------------------------

    def names(self) -> list[str]:
        """Return the names of the subscribed rooms."""
        return [room.name for room in self if room.opened]

    def position(self, name: str) -> Position | None:
        """Return the position of a subscribed room's last entry here; None for any other room."""
        room = self._rooms.get(name)
        return Position(room.log.epoch, room.log.end) if room and room.opened else None

    def entries_after(self, name: str, position: Position, limit: int) -> list[Entry] | None:
        """Return what follows a position; None if the room's log doesn't reach back to it."""
        room = self._rooms.get(name)
        if room is None or not room.opened or not room.log.reaches(*position):
            return None
        return room.log.after(position.offset, limit)

    # The broker's listener ------------------------------------------------------------------------

    def deliver(self, entry: Entry) -> None:
        """Process an entry of a subscribed room."""
        room = self._rooms.get(entry.room)
        if room is None:
            return
        self._metrics.messages_out += 1
        if room.opened:
            room.feed.accept(entry)
        elif len(room.early_entries) < self._max_early_entries:
            room.early_entries.append(entry)

    def signal(self, room: str, payload: bytes) -> None:
        """Process a signal of a subscribed room, or of the other nodes."""
        signal = decode(payload)
        if isinstance(signal, TypingSignal):
            if here := self._rooms.get(room):
                here.broadcast_typing(signal.user)
        elif isinstance(signal, ListRooms | RoomsListed):
            self.listing.receive(signal)
        elif isinstance(signal, MarksMoved):
            self.marks.receive(signal)
        elif signal is not None:
            self._cluster.receive(room, signal)

    def lost(self, reason: str) -> None:
        """Record that the broker is unreachable."""
        self.broker_fault = reason
        self._metrics.broker_disconnects += 1
        self._cluster.broker_unreachable()
        _log.warning("broker_unreachable", extra={"reason": reason})

    def restored(self) -> None:
        """Record that the broker is reconnected: compare the heads of all rooms at once."""
        self.broker_fault = None
        _log.info("broker_reconnected")
        if not self._closed:
            self._cluster.broker_reconnected()
            self._tasks.start(self._compare_heads(), name="compare heads")

    async def _compare_heads(self) -> None:
        names = [room.name for room in self._rooms.values() if room.opened]
        for start in range(0, len(names), HEADS_AT_ONCE):
            asked = names[start : start + HEADS_AT_ONCE]
            before = {name: self._rooms[name].feed.position for name in asked if name in self._rooms}
            try:
                heads = await self._broker.heads(asked)
            except BrokerError as error:
                # It was lost again; `restored` will be called again.
                _log.warning("head_comparison_failed", extra={"reason": str(error)})
                return
            for name, head in heads.items():
                room = self._rooms.get(name)
                if room is not None and room.opened and name in before:
                    room.feed.compare(head, before[name])

    # Subscribe and unsubscribe -----------------------------------------------------------------------

    async def _subscribe(self, room: Room) -> None:
        head = await self._broker.subscribe(room.name)
        state_received = self._cluster.request_state(room.presence)
        room.fanout.restart(*head)
        room.feed.begin(head)
        early_entries, room.early_entries = room.early_entries, []
        room.opened = True
        for entry in early_entries:
            room.feed.accept(entry)
        try:
            page = await self._broker.history(room.name, limit=PRELOAD_ENTRIES)
        except BrokerError as error:
            # The room works without it; joins read the history themselves.
            _log.warning("room_preload_failed", extra={"room": room.name, "reason": str(error)})
        else:
            room.log.prepend(page.entries)
        await asyncio.wait([state_received], timeout=PRESENCE_WAIT)
        # Users who were there before the first member joined are not a change.
        room.take_changes()

    def _start_unsubscribe(self, room: Room) -> None:
        room.unsubscribe_timer = None
        if not room.references:
            self._tasks.start(self._unsubscribe(room), name=f"unsubscribe {room.name!r}")

    async def _unsubscribe(self, room: Room) -> None:
        async with room.lock:
            if room.references:
                return
            room.opened = False
            room.early_entries.clear()
            try:
                await self._broker.unsubscribe(room.name)
            except BrokerError as error:
                # Nothing is lost: entries of a room that isn't here are ignored.
                _log.warning("unsubscribe_failed", extra={"room": room.name, "reason": str(error)})
            if not room.references:
                room.close()
                self._cluster.release(room.presence)
                self._rooms.pop(room.name, None)
                # A read that is still under way may keep the log: release the entries now.
                room.log.restart("", 0)
