"""A broker that goes wrong on purpose, around any other: at will, or by a seed that does the same again."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from itertools import repeat

from typing_extensions import override

from brokers.base import Broker, Entry, Listener, Page, Position, Receipt
from brokers.errors import Unavailable


class Fate(Enum):
    """What becomes of an entry on its way to the listener."""

    PASS = "passes"
    DROP = "is lost"
    REPEAT = "comes twice"
    DELAY = "comes after later ones"


def seeded(seed: int, *, drop: float = 0.0, repeat: float = 0.0, delay: float = 0.0) -> Iterator[Fate]:
    """Draw fates for ever, each with its probability; the same seed draws the same."""
    chance = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    weights = (1.0 - drop - repeat - delay, drop, repeat, delay)
    while True:
        yield from chance.choices(tuple(Fate), weights)


class Gate:
    """Stands between a broker and a listener, and lets entries through as they are fated."""

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
        if fate in {Fate.PASS, Fate.REPEAT}:
            self._pass(entry)
        if fate is Fate.REPEAT:
            self._pass(entry)
        # Those who wait are counted before the new one joins them: it's late by others, not by itself.
        for left, late in waiting:
            if left > 1:
                self._held.append((left - 1, late))
            else:
                self._pass(late)
        if fate is Fate.DELAY:
            self._held.append((self._delayed_by, entry))

    def close(self) -> None:
        """Let nothing through from now on, nor what waits: it's lost with the connection."""
        self.shut = True
        self._held.clear()

    def release(self) -> None:
        """Let all through that wait."""
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
    """Wraps a broker. Without a command or a plan nothing goes wrong.

    Attributes of the plan: `fates` says what becomes of each entry in turn, an entry that is delayed lets
    `delayed_by` others of this node pass first.
    """

    def __init__(
        self, inner: Broker, *, fates: Iterable[Fate] = repeat(Fate.PASS), delayed_by: int = 2
    ) -> None:
        super().__init__(inner.options)
        self._inner = inner
        self._gate = Gate(iter(fates), delayed_by)
        self._answers_to_lose = 0

    def fate(self, *fates: Fate) -> None:
        """Say what becomes of the next entries, before the plan goes on."""
        self._gate.script.extend(fates)

    def release(self) -> None:
        """Deliver what was delayed."""
        self._gate.release()

    def lose_answers(self, count: int) -> None:
        """Store what is published next, but tell the publisher that it's not known."""
        self._answers_to_lose = count

    def cut(self, reason: str = "cut by the test") -> None:
        """Put the backbone out of this node's reach; what others publish meanwhile is missed."""
        if not self._gate.shut:
            self._gate.close()
            self._gate.lost(reason)

    def mend(self) -> None:
        """Put it back in reach."""
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
        self._gate.shut = False  # a closed broker is closed, not out of reach
        await self._inner.close()

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        if self._gate.shut:
            return _failed("the backbone is out of reach")
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
    def stats(self) -> Mapping[str, float]:
        return self._inner.stats()

    def _reach(self) -> None:
        if self._gate.shut:
            raise Unavailable("the backbone is out of reach")


def _lost(stored: asyncio.Future[Receipt]) -> asyncio.Future[Receipt]:
    """Wait for what is stored, and then don't say so."""
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
