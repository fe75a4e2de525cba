"""The pace of a room's flushes: self-clocked, so that batches grow with the load and nothing is tuned."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Final

# How long a room rests, as a multiple of what its last flush took.
PACE: Final = 1.0
# Below this a timer of the loop is no better than its next turn (seconds).
_SHORTEST_WAIT: Final = 0.0005


class Pace:
    """When a flush may begin: at once if the room is idle, else after a rest as long as the last flush."""

    __slots__ = ("_began", "_clock", "_not_before")

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._began = self._not_before = 0.0

    def begin(self) -> None:
        """Note that a flush begins."""
        self._began = self._clock()

    def end(self) -> float:
        """Note that it's over; tell how long it took (seconds)."""
        now = self._clock()
        took = now - self._began
        self._not_before = now + PACE * took
        return took

    def wait(self) -> float:
        """Tell how long the next flush has to wait (seconds); 0 for the loop's next turn."""
        wait = self._not_before - self._clock()
        return wait if wait >= _SHORTEST_WAIT else 0.0
