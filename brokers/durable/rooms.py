"""The rooms that the durable hub has in memory: loaded from the journal when needed, then evicted."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from brokers.base import BrokerOptions, Entry, Listener, Position
from brokers.durable.journal import Journal, Recalled
from brokers.durable.room import DurableRoom, ResumedLog, State
from brokers.errors import BrokerError
from brokers.memory_log import StoredBytes

# Bytes of a room that are forgotten at once.
_SHED_AT_ONCE: Final = 64 * 1024

_log: Final = logging.getLogger(__name__)


class Clocks(NamedTuple):
    """The two clocks of a hub: `steady` never goes back, `wall` is in seconds since 1970."""

    steady: Callable[[], float]
    wall: Callable[[], float]


class Rooms:
    """The rooms in memory.

    A room that is evicted loses nothing: the journal has its entries and keys.

    Args:
        loaded: called when a room was loaded, or could not be; then with the reason.
        missed: called with each entry that turned out to be stored although its commit had failed.
    """

    def __init__(
        self,
        journal: Journal,
        options: BrokerOptions,
        clocks: Clocks,
        *,
        loaded: Callable[[DurableRoom, BrokerError | None], None],
        missed: Callable[[DurableRoom, Entry], None],
    ) -> None:
        self._journal = journal
        self._options = options
        self._clocks = clocks
        self._loaded = loaded
        self._missed = missed
        self._stored = StoredBytes()
        self._rooms: OrderedDict[str, DurableRoom] = OrderedDict()
        self._quiet: OrderedDict[str, DurableRoom] = OrderedDict()  # no listeners; the longest quiet first
        self._loads: set[asyncio.Task[BrokerError | None]] = set()

    def __len__(self) -> int:
        return len(self._rooms)

    def __iter__(self) -> Iterator[DurableRoom]:
        return iter(self._rooms.values())

    def get(self, name: str) -> DurableRoom | None:
        """Return a room that is in memory and loaded."""
        room = self._rooms.get(name)
        return room if room is not None and room.state is State.LOADED else None

    def subscribed(self, name: str) -> DurableRoom | None:
        """Return a room that may have listeners."""
        return self._rooms.get(name)

    def open(self, name: str) -> DurableRoom:
        """Return a room, in memory from now on; it may still have to be loaded."""
        room = self._rooms.get(name)
        if room is None:
            self._evict(self._options.retention.rooms - 1)
            room = DurableRoom(name, self._options.retention, self._options.key_window, self._stored)
            self._rooms[name] = self._quiet[name] = room
        elif not room.listeners:
            self._quiet.move_to_end(name)
        return room

    def subscribe(self, room: DurableRoom, listener: Listener) -> None:
        """Add a listener to a loaded room."""
        self._quiet.pop(room.name, None)
        room.listeners = (*room.listeners, listener)

    def unsubscribe(self, name: str, listener: Listener) -> None:
        """Remove a listener from a room that it subscribed to."""
        room = self._rooms[name]
        place = room.listeners.index(listener)
        room.listeners = room.listeners[:place] + room.listeners[place + 1 :]
        if not room.listeners:
            self._quiet[name] = room
            if room.is_idle and not room.tail:
                self._drop(name)  # nothing is stored, so there is nothing to keep in memory
            self._evict(self._options.retention.rooms)

    def begin_loading(self, room: DurableRoom) -> asyncio.Task[BrokerError | None]:
        """Load a room in a task, unless one is under way."""
        if room.loading is None:
            room.state = State.LOADING
            room.loading = asyncio.get_running_loop().create_task(self._load(room), name="durable: load")
            self._loads.add(room.loading)
            room.loading.add_done_callback(self._loads.discard)
        return room.loading

    async def load(self, room: DurableRoom) -> None:
        """Wait until a room is loaded.

        Raises:
            BrokerError: the journal can't be read now.
        """
        while room.state is not State.LOADED:
            error = await asyncio.shield(self.begin_loading(room))
            if error is not None:
                raise error

    async def close(self) -> None:
        """End all loads."""
        for task in self._loads:
            task.cancel()
        if self._loads:
            await asyncio.wait(self._loads)

    async def _load(self, room: DurableRoom) -> BrokerError | None:
        error: BrokerError | None = None
        missed: tuple[Entry, ...] = ()
        try:
            since = int((self._clocks.wall() - self._options.key_window) * 1000)
            recalled = await self._journal.recall(room.name, since)
            missed = await self._read_missed(room, recalled.head)
        except BrokerError as failed:
            error = failed
            room.state = State.UNKNOWN
        else:
            self._take(room, recalled)
        finally:
            room.loading = None
        for entry in missed:
            self._missed(room, entry)
        self._loaded(room, error)
        return error

    async def _read_missed(self, room: DurableRoom, head: Position) -> tuple[Entry, ...]:
        """Read what a commit stored that was reported as failed: the listeners have not received it."""
        log = room.log
        if not room.listeners or log.epoch != head.epoch or head.offset <= log.offset:
            return ()
        page = await self._journal.page(
            room.name, head.epoch, after=log.offset, before=None, limit=head.offset - log.offset
        )
        _log.warning("commit_found", extra={"room": room.name, "entries": len(page.entries)})
        return page.entries

    def _take(self, room: DurableRoom, recalled: Recalled) -> None:
        epoch, offset = recalled.head
        if (room.log.epoch, room.log.offset) != (epoch, offset):
            options = self._options
            log = ResumedLog(room.name, epoch, options.retention, options.key_window, self._stored)
            log.resume(offset, recalled.keys, self._clocks.steady(), self._clocks.wall())
            room.log.release()
            room.log = log
        room.tail = room.log.offset
        room.state = State.LOADED

    def _evict(self, most: int) -> None:
        """Drop the rooms that were quiet longest; one that is in use goes to the end."""
        for _ in range(len(self._quiet)):
            if len(self._rooms) <= most:
                return
            name, room = next(iter(self._quiet.items()))
            if room.is_idle:
                self._drop(name)
            else:
                self._quiet.move_to_end(name)

    def fit(self, room: DurableRoom) -> None:
        """Forget what the journal has, until memory is within its bound: idle rooms, then this one's."""
        while self._stored.total > self._options.retention.total:
            if not (self._drop_idle() or room.log.shed(_SHED_AT_ONCE)):
                return

    @property
    def stored(self) -> int:
        """The memory that the rooms take."""
        return self._stored.total

    def _drop_idle(self) -> bool:
        name, room = next(iter(self._quiet.items()), ("", None))
        if room is None or not room.is_idle:
            return False
        self._drop(name)
        return True

    def _drop(self, name: str) -> None:
        self._rooms[name].log.release()
        del self._rooms[name], self._quiet[name]
