"""A broker that injects faults into any other one, by command or by a seed."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import repeat

from typing_extensions import override

from brokers.base import Broker, Entry, Listener, Page, Position, Receipt
from brokers.errors import Unavailable


class Fate(Enum):
    """What happens to an entry on its way to the listener."""

    PASS = "passes"
    DROP = "is lost"
    DUPLICATE = "is delivered twice"
    DELAY = "is delivered after later ones"


def seeded(seed: int, *, drop: float = 0.0, duplicate: float = 0.0, delay: float = 0.0) -> Iterator[Fate]:
    """Draw fates without end, each with its probability; the same seed draws the same fates."""
    chance = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    weights = (1.0 - drop - duplicate - delay, drop, duplicate, delay)
    while True:
        yield from chance.choices(tuple(Fate), weights)


class Gate:
    """Stands between a broker and a listener, and applies the fates to entries."""

    def __init__(self, fates: Iterator[Fate], delayed_by: int) -> None:
        self.listener: Listener | None = None
        self.shut = False
        self.script: deque[Fate] = deque()
        self._fates = fates
        self._delayed_by = delayed_by
        self._held: list[tuple[int, Entry]] = []

    def deliver(self, entry: Entry) -> None:
        if self.shut:
            return
        fate = self.script.popleft() if self.script else next(self._fates)
        waiting, self._held = self._held, []
        if fate in {Fate.PASS, Fate.DUPLICATE}:
            self._pass(entry)
        if fate is Fate.DUPLICATE:
            self._pass(entry)
        # The waiting entries are counted before the new one is added: only others can overtake it.
        for left, late in waiting:
            if left > 1:
                self._held.append((left - 1, late))
            else:
                self._pass(late)
        if fate is Fate.DELAY:
            self._held.append((self._delayed_by, entry))

    def close(self) -> None:
        """Discard everything from now on, and the waiting entries too: they are lost with the connection."""
        self.shut = True
        self._held.clear()

    def release(self) -> None:
        """Deliver all waiting entries."""
        waiting, self._held = self._held, []
        for _, late in waiting:
            self._pass(late)

    def signal(self, room: str, payload: bytes) -> None:
        if self.listener is not None and not self.shut:
            self.listener.signal(room, payload)

    def lost(self, reason: str) -> None:
        if self.listener is not None:
            self.listener.lost(reason)

    def restored(self) -> None:
        if self.listener is not None:
            self.listener.restored()

    def _pass(self, entry: Entry) -> None:
        if self.listener is not None:
            self.listener.deliver(entry)


class FaultyBroker(Broker):
    """Wraps a broker. Without commands or a plan it injects no faults.

    The plan: `fates` has the fate of each entry in turn. A delayed entry is delivered after `delayed_by`
    others of this node.
    """

    def __init__(
        self, inner: Broker, *, fates: Iterable[Fate] = repeat(Fate.PASS), delayed_by: int = 2
    ) -> None:
        super().__init__(inner.options)
        self._inner = inner
        self._gate = Gate(iter(fates), delayed_by)
        self._answers_to_lose = 0

    def fate(self, *fates: Fate) -> None:
        """Set the fates of the next entries, before the plan continues."""
        self._gate.script.extend(fates)

    def release(self) -> None:
        """Deliver the delayed entries."""
        self._gate.release()

    def lose_answers(self, count: int) -> None:
        """Store the next publishes, but fail them as if the answer was lost."""
        self._answers_to_lose = count

    def cut(self, reason: str = "cut by the test") -> None:
        """Make the broker unreachable for this node; it misses what others publish meanwhile."""
        if not self._gate.shut:
            self._gate.close()
            self._gate.lost(reason)

    def mend(self) -> None:
        """Make the broker reachable again."""
        if self._gate.shut:
            self._gate.shut = False
            self._gate.restored()

    @override
    async def start(self, listener: Listener) -> None:
        self._reach()
        await self._inner.start(self._gate)
        self._gate.listener = listener

    @override
    async def close(self) -> None:
        self._gate.listener = None
        self._gate.shut = False  # a closed broker is not an unreachable one
        await self._inner.close()

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        if self._gate.shut:
            return _failed("the broker is unreachable")
        stored = self._inner.publish(room, payload, key=key)
        if not self._answers_to_lose:
            return stored
        self._answers_to_lose -= 1
        return _lost(stored)

    @override
    async def subscribe(self, room: str) -> Position:
        self._reach()
        return await self._inner.subscribe(room)

    @override
    async def unsubscribe(self, room: str) -> None:
        await self._inner.unsubscribe(room)

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        self._reach()
        return await self._inner.history(room, after=after, before=before, limit=limit)

    @override
    async def erase(self, room: str, offsets: Sequence[int], payload: bytes) -> None:
        self._reach()
        await self._inner.erase(room, offsets, payload)

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        self._reach()
        return await self._inner.heads(rooms)

    @override
    def emit(self, room: str, payload: bytes) -> None:
        if not self._gate.shut:
            self._inner.emit(room, payload)

    @override
    async def probe(self) -> None:
        self._reach()
        await self._inner.probe()

    @override
    async def confirm(self, room: str) -> None:
        self._reach()
        await self._inner.confirm(room)

    @override
    def stats(self) -> Mapping[str, float]:
        return self._inner.stats()

    def _reach(self) -> None:
        if self._gate.shut:
            raise Unavailable("the broker is unreachable")


def _lost(stored: asyncio.Future[Receipt]) -> asyncio.Future[Receipt]:
    """Wait until it is stored, and then fail."""
    answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()

    def forget(done: asyncio.Future[Receipt]) -> None:
        if not answer.done():
            answer.set_exception(done.exception() or Unavailable("the answer was lost"))

    stored.add_done_callback(forget)
    return answer


def _failed(why: str) -> asyncio.Future[Receipt]:
    answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
    answer.set_exception(Unavailable(why))
    return answer
