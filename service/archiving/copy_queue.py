"""The rooms in which something may have to be copied to the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

# Seconds within which a node receives what it published.
_RECEIVED_WITHIN: Final = 0.5


class _Uncopied:
    """What was published in one room, and that this node has not copied.

    Other nodes may have copied it. A check that finds the room complete says so only of what this node has
    received from the broker by then: of what was published some time ago.
    """

    __slots__ = ("_recent", "_since", "count")

    def __init__(self, now: float) -> None:
        self.count = 0
        self._recent = 0
        self._since = now

    def add(self, count: int) -> None:
        self.count += count
        self._recent += count

    def remove(self, count: int) -> int:
        """Take off what was copied; return what was not counted here."""
        rest = max(0, count - self.count)
        self.count = max(0, self.count - count)
        return rest

    def found_complete(self, now: float) -> None:
        if now - self._since >= _RECEIVED_WITHIN:
            self.count = min(self.count, self._recent)
            self._recent, self._since = 0, now


class CopyQueue:
    """Names of rooms, from a publish until a check finds all of it in the archive.

    A publish marks its room before the broker has stored the message. So a room stays for `settle` seconds
    after its last mark, even if a check finds nothing that is missing.

    It also counts what was published on this node and may not be copied yet, in entries of an average size.

    Args:
        most: names that are kept. Further rooms are left to the sweep.
        burst: entries of one room after which `urge` is called, at each multiple: the broker may soon trim
            what was not copied.
        places: entries of one room that may wait to be copied, while copying works.
        entry_bytes: a larger entry counts as several.

    Attributes:
        copying: whether copying works. While it doesn't, no publish has to wait for it.
        crowded: whether a room has had no place since `due` was called.
    """

    def __init__(
        self,
        most: int,
        settle: float,
        *,
        burst: int = 1_000,
        places: int = 1_000_000,
        entry_bytes: int = 1_000_000,
        urge: Callable[[], None] = lambda: None,
    ) -> None:
        self._most = most
        self._settle = settle
        self._burst = burst
        self._places = places
        self._entry_bytes = max(1, entry_bytes)
        self._urge = urge
        self.copying = True
        self.crowded = False
        self._uncopied: dict[str, _Uncopied] = {}
        self._fresh: dict[str, int] = {}
        self._marked: dict[str, float] = {}
        self._incomplete: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._marked)

    @property
    def pending(self) -> int:
        """The rooms in which entries were missing at the last check."""
        return len(self._incomplete)

    def mark(self, room: str, size: int = 0) -> None:
        """Check a room from now on, as an entry of so many bytes is published. It is on the path of each."""
        before = self._fresh.get(room)
        if before is None:
            if len(self._fresh) >= self._most:
                return
            before = 0
        count = self._fresh[room] = before + 1 + size // self._entry_bytes
        if count // self._burst > before // self._burst:
            self._urge()

    def has_place(self, room: str) -> bool:
        """Return whether another entry may be published in a room now. It is on the path of each publish."""
        older = self._uncopied.get(room)
        count = self._fresh.get(room, 0) + (older.count if older else 0)
        if count < self._places or not self.copying:
            return True
        self.crowded = True
        self._urge()
        return False

    def due(self, now: float) -> list[str]:
        """Return the rooms to check, those that wait longest first."""
        self.crowded = False
        fresh, self._fresh = self._fresh, {}
        for room in fresh:
            if room in self._marked or len(self._marked) < self._most:
                self._marked[room] = now
                self._uncopied.setdefault(room, _Uncopied(now)).add(fresh[room])
        return sorted(self._marked, key=lambda room: self._incomplete.get(room, now))

    def found_incomplete(self, rooms: Iterable[str], now: float) -> None:
        """Record that a check, begun at `now`, found entries missing in these rooms."""
        for room in rooms:
            self._incomplete.setdefault(room, now)

    def found_complete(self, rooms: Iterable[str], now: float) -> None:
        """Record that nothing was missing in these rooms when a check began."""
        for room in rooms:
            self._incomplete.pop(room, None)
            if room in self._uncopied:
                self._uncopied[room].found_complete(now)
            if room in self._marked and now - self._marked[room] >= self._settle:
                del self._marked[room]
                self._uncopied.pop(room, None)

    def copied(self, room: str, count: int, size: int) -> None:
        """Record that entries of a room were copied, of so many bytes together."""
        rest = count + size // self._entry_bytes
        if room in self._uncopied:
            rest = self._uncopied[room].remove(rest)
        if room in self._fresh:
            # Published since the check began, and copied already.
            self._fresh[room] = max(0, self._fresh[room] - rest)

    def skipped(self, room: str) -> None:
        """Record that entries of a room can't be copied any more; their number isn't known."""
        self._uncopied.pop(room, None)

    def drop(self, room: str) -> None:
        """Stop checking a room until its next mark."""
        self._incomplete.pop(room, None)
        self._uncopied.pop(room, None)
        self._marked.pop(room, None)

    def lag(self, now: float) -> float:
        """Return for how many seconds a message has been missing in the archive, at most."""
        return now - min(self._incomplete.values(), default=now)
