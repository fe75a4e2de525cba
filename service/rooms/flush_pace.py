"""The pace of a room's flushes: self-clocked, so that batches grow with the load.

A pause lets more entries share the next walk. It costs latency, and throughput of clients that wait for their
own message before they send again. With few entries in a flush the gain is large: twice as many for the same
walk. With many entries the gain is small, because the walk is shared already, so the pause shrinks.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Final

# After a flush with up to this many entries a room pauses as long as the flush took; with more entries, less.
FULL_PAUSE_ENTRIES: Final = 2
# Below this a timer of the loop is no better than its next turn (seconds).
_SHORTEST_WAIT: Final = 0.0005


class FlushPace:
    """When a flush may begin: at once if the room is idle, otherwise after a pause."""

    __slots__ = ("_began", "_clock", "_next_allowed")

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._began = self._next_allowed = 0.0

    def begin(self) -> None:
        """Record that a flush begins."""
        self._began = self._clock()

    def end(self, entries: int) -> float:
        """Record that a flush with so many entries ends; return how long it took (seconds)."""
        now = self._clock()
        took = now - self._began
        self._next_allowed = now + took * min(1.0, FULL_PAUSE_ENTRIES / max(entries, 1))
        return took

    def wait(self) -> float:
        """Return how long the next flush has to wait (seconds); 0 means the loop's next turn."""
        wait = self._next_allowed - self._clock()
        return wait if wait >= _SHORTEST_WAIT else 0.0
