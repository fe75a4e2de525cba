"""The backbone of the durable broker: rooms in memory in front of a journal.

An entry is stored, then acknowledged, then delivered. So no client ever saw an offset that a crash could hand
to another entry.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

from brokers.base import BrokerOptions, Entry, Listener, Page, Position, Receipt
from brokers.calls import Calls
from brokers.durable.commits import DEFAULT_LIMITS, CommitLimits, Commits
from brokers.durable.journal import Journal
from brokers.durable.room import DurableRoom, Publish
from brokers.durable.rooms import Clocks, Rooms
from brokers.errors import BrokerError, BrokerRefused, Unavailable

T = TypeVar("T")


class DurableHub:
    """The backbone of one process, shared by the brokers of its nodes. Made on the loop that it runs on."""

    def __init__(
        self,
        options: BrokerOptions,
        journal: Journal,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        limits: CommitLimits = DEFAULT_LIMITS,
    ) -> None:
        self._options = options
        self._journal = journal
        clocks = Clocks(clock, wall)
        self._loop = asyncio.get_running_loop()
        self._rooms = Rooms(journal, options, clocks, loaded=self._loaded, missed=self._deliver)
        self._commits = Commits(
            journal,
            clocks,
            options.timeout,
            limits=limits,
            need=self._rooms.begin_loading,
            stored=self._deliver,
        )
        self._clock = clock
        self._brokers = 0
        self.calls = Calls()

    def publish(self, name: str, payload: bytes, key: str, answer: asyncio.Future[Receipt]) -> None:
        """Store an entry once, deliver it, and answer.

        Raises:
            BrokerRefused: it can never be stored.
        """
        most = self._options.retention.size
        if len(payload) > most:
            raise BrokerRefused(f"a payload of {len(payload)} bytes; a room keeps {most}")
        _check_text(name)
        _check_text(key)
        room = self._rooms.open(name)
        self._commits.add(Publish(room, payload, key, answer, self._loop.time() + self._options.timeout))

    def emit(self, name: str, payload: bytes) -> None:
        """Send a signal to the listeners of a room."""
        if room := self._rooms.subscribed(name):
            self.calls.make(room, lambda listener: listener.signal(name, payload))

    async def load(self, name: str) -> DurableRoom:
        """Return a room once it is loaded; it stays so until the loop's next turn.

        Raises:
            Unavailable: the journal can't be read.
        """
        # One that was evicted meanwhile is loaded again.
        while (room := self._rooms.get(name)) is None:
            await self._in_time(self._rooms.load(self._rooms.open(name)))
        return room

    def subscribe(self, room: DurableRoom, listener: Listener) -> None:
        """Add a listener to a loaded room: it receives what comes after the room's head."""
        self._rooms.subscribe(room, listener)

    def unsubscribe(self, name: str, listener: Listener) -> None:
        """Remove a listener from a room that it subscribed to."""
        self._rooms.unsubscribe(name, listener)

    async def heads(self, names: Iterable[str]) -> dict[str, Position]:
        """Return the positions of the last entries; asking loads no room."""
        wanted = list(names)
        missing = [name for name in wanted if self._rooms.get(name) is None]
        read = await self._in_time(self._journal.heads(missing)) if missing else {}
        found: dict[str, Position] = {}
        for name in wanted:
            room = self._rooms.get(name)
            found[name] = room.head if room else read[name]
        return found

    async def history(self, name: str, *, after: int | None, before: int | None, limit: int) -> Page:
        """Read a page: from memory if that has all of it, else from the journal. Reading loads no room."""
        epoch = None
        if room := self._rooms.get(name):
            page = room.log.covers(after=after, before=before, limit=limit, now=self._clock())
            if page is not None:
                return page
            epoch = room.log.epoch
        return await self._in_time(self._journal.page(name, epoch, after=after, before=before, limit=limit))

    async def erase(self, name: str, offsets: Iterable[int], payload: bytes) -> None:
        """Replace the payloads of entries in the journal and in memory, but not of the last one."""
        head = (await self.heads([name]))[name]
        earlier = [offset for offset in offsets if offset < head.offset]
        await self._in_time(self._journal.erase(name, head.epoch, earlier, payload))
        # Also while it is loaded anew: what is in memory is read again.
        if room := self._rooms.subscribed(name):
            for offset in earlier:
                room.log.replace(offset, payload)

    async def probe(self) -> None:
        """Write to the journal. Raises `Unavailable` if it refuses."""
        await self._commits.probe()

    def join(self) -> None:
        """Count a broker that uses this hub."""
        self._brokers += 1

    async def finish(self) -> None:
        """Wait until all publishes under way are answered."""
        await self._commits.finish()

    async def leave(self) -> None:
        """Uncount a broker; after the last one no task runs. The journal is the caller's."""
        self._brokers -= 1
        if not self._brokers:
            self._commits.close()
            await self._rooms.close()

    def stats(self) -> Mapping[str, float]:
        """Count what is in memory, and what waits."""
        now = self._clock()
        logs = [room.log for room in self._rooms]
        for log in logs:
            log.trim(now)
        return {
            "rooms": len(logs),
            "entries": sum(map(len, logs)),
            "bytes": sum(log.size for log in logs),
            "keys": sum(log.keys for log in logs),
            "memory": self._rooms.stored,
            "waiting": self._commits.waiting,
        }

    def _loaded(self, room: DurableRoom, error: BrokerError | None) -> None:
        self._commits.resume(room, error)

    def _deliver(self, room: DurableRoom, entry: Entry) -> None:
        self._rooms.fit(room)
        if room.listeners:
            self.calls.make(room, lambda listener: listener.deliver(entry))

    async def _in_time(self, reading: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._options.timeout):
                return await reading
        except TimeoutError:
            raise Unavailable(f"the archive did not answer within {self._options.timeout:g} s") from None


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BrokerRefused(f"a room or a key that has no UTF-8 form: {error}") from error
