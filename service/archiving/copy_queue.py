"""The rooms in which something may have to be copied to the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class CopyQueue:
    """Names of rooms, from a publish until a check finds all of it in the archive.

    A publish marks its room before the broker has stored the message. So a room stays for `settle` seconds
    after its last mark, even if a check finds nothing that is missing.

    Args:
        most: names that are kept. Further rooms are left to the sweep.
        burst: marks of one room between two checks after which `urge` is called, at each multiple: the
            broker may soon trim what was not copied.
    """

    def __init__(
        self, most: int, settle: float, *, burst: int = 1_000, urge: Callable[[], None] = lambda: None
    ) -> None:
        self._most = most
        self._settle = settle
        self._burst = burst
        self._urge = urge
        self._fresh: dict[str, int] = {}
        self._marked: dict[str, float] = {}
        self._incomplete: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._marked)

    @property
    def pending(self) -> int:
        """The rooms in which entries were missing at the last check."""
        return len(self._incomplete)

    def mark(self, room: str) -> None:
        """Check a room from now on. It is on the path of each publish."""
        count = self._fresh.get(room, 0) + 1
        if count == 1 and len(self._fresh) >= self._most:
            return
        self._fresh[room] = count
        if not count % self._burst:
            self._urge()

    def due(self, now: float) -> list[str]:
        """Return the rooms to check, those that wait longest first."""
        fresh, self._fresh = self._fresh, {}
        for room in fresh:
            if room in self._marked or len(self._marked) < self._most:
                self._marked[room] = now
        return sorted(self._marked, key=lambda room: self._incomplete.get(room, now))

    def found_incomplete(self, rooms: Iterable[str], now: float) -> None:
        """Record that a check, begun at `now`, found entries missing in these rooms."""
        for room in rooms:
            self._incomplete.setdefault(room, now)

    def found_complete(self, rooms: Iterable[str], now: float) -> None:
        """Record that nothing was missing in these rooms when a check began."""
        for room in rooms:
            self._incomplete.pop(room, None)
            if room in self._marked and now - self._marked[room] >= self._settle:
                del self._marked[room]

    def drop(self, room: str) -> None:
        """Stop checking a room until its next mark."""
        self._incomplete.pop(room, None)
        self._marked.pop(room, None)

    def lag(self, now: float) -> float:
        """Return for how many seconds a message has been missing in the archive, at most."""
        return now - min(self._incomplete.values(), default=now)
