"""Callers of one scope, one at a time, and with a pause after each: together they have a part of the time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

from service.runtime.scoped_queue import ScopedQueue


class Pauses:
    """When the next call of each scope may begin. The caller passes the time of any monotonic clock.

    Args:
        factor: a pause is so many times as long as the call before it.
        longest: the longest pause (seconds).
    """

    def __init__(self, factor: float, longest: float) -> None:
        self._factor = factor
        self._longest = longest
        self._ends: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._ends)

    def left(self, scope: str, now: float) -> float:
        """Return the rest of a pause (seconds)."""
        return max(0.0, self._ends.get(scope, now) - now)

    def begin(self, scope: str, started: float, now: float) -> None:
        """Begin the pause after a call; forget the earliest pauses that are over."""
        self._ends.pop(scope, None)
        self._ends[scope] = now + min(self._factor * (now - started), self._longest)
        while (first := next(iter(self._ends))) != scope and self._ends[first] <= now:
            del self._ends[first]


class PacedQueue:
    """The callers of each scope: a user, or the guests of an address. The arguments are those of `Pauses`."""

    __slots__ = ("_pauses", "_queue")

    def __init__(self, factor: float, longest: float) -> None:
        self._queue = ScopedQueue()
        self._pauses = Pauses(factor, longest)

    def callers(self, scope: str) -> int:
        """Return how many callers of a scope have their turn or wait for it."""
        return self._queue.callers(scope)

    @asynccontextmanager
    async def turn(self, scope: str) -> AsyncIterator[None]:
        """Wait for the earlier callers of a scope, and for the pause after the last one."""
        async with self._queue.turn(scope):
            started = perf_counter()
            if wait := self._pauses.left(scope, started):
                await asyncio.sleep(wait)
                started += wait
            try:
                yield
            finally:
                self._pauses.begin(scope, started, perf_counter())
