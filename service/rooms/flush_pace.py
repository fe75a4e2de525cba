"""The pace of a room's flushes: self-clocked, so that batches grow with the load by themselves.

What a rest gains is that more entries share the next walk; what it costs is latency, and, to those who wait
for their own message before they speak again, throughput. With few entries in a flush the gain is large:
twice as many for the same walk. With many it's small, for the walk is shared already, so the rest shrinks.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Final

# A room rests as long as its last flush took if that had so many entries or less; with more, less.
FEW: Final = 2
# Below this a timer of the loop is no better than its next turn (seconds).
_SHORTEST_WAIT: Final = 0.0005


class FlushPace:
    """When a flush may begin: at once if the room is idle, else after a rest."""

    __slots__ = ("_began", "_clock", "_not_before")

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._began = self._not_before = 0.0

    def begin(self) -> None:
        """Note that a flush begins."""
        self._began = self._clock()

    def end(self, entries: int) -> float:
        """Note that it's over, and how many entries it had; tell how long it took (seconds)."""
        now = self._clock()
        took = now - self._began
        self._not_before = now + took * min(1.0, FEW / max(entries, 1))
        return took

    def wait(self) -> float:
        """Tell how long the next flush has to wait (seconds); 0 for the loop's next turn."""
        wait = self._not_before - self._clock()
        return wait if wait >= _SHORTEST_WAIT else 0.0
