"""The replies among the entries of a room's log, by the message at the root of their thread."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, Protocol
from weakref import proxy

from brokers.base import Entry
from service.wire.messages import stored_root


class Entries(Protocol):
    """The entries in `(base, end]` of an epoch: the log of a room."""

    epoch: str
    base: int
    end: int

    def __len__(self) -> int:
        """Return their number."""

    def after(self, offset: int, count: int) -> Sequence[Entry]:
        """Return the first `count` entries after an offset."""


class Replies:
    """Counts replies in a log. Entries are looked at when they are asked for, and not when they arrive."""

    __slots__ = ("_base", "_epoch", "_log", "_offsets", "_through")

    def __init__(self, log: Entries) -> None:
        # Weak, because the log refers to its replies: otherwise only the garbage collector frees both.
        self._log: Final[Entries] = proxy(log)
        self._restart()

    def of(self, root: int) -> list[int]:
        """Return the offsets of the replies to a root that the log has, oldest first."""
        self._read()
        return self._offsets.get(root, [])

    def __bool__(self) -> bool:
        self._read()
        return bool(self._offsets)

    def _restart(self) -> None:
        self._epoch, self._base, self._through = self._log.epoch, self._log.base, self._log.base
        self._offsets: dict[int, list[int]] = {}

    def _read(self) -> None:
        """Look at what was appended; begin again if the log restarted, or has older entries now."""
        log = self._log
        base, end = log.base, log.end
        if log.epoch != self._epoch or base < self._base or end < self._through:
            self._restart()
        if base > self._base:
            self._drop(base)
        if end > self._through:
            for root, offset in replies_in(log.after(self._through, len(log))):
                self._offsets.setdefault(root, []).append(offset)
            self._through = end

    def _drop(self, base: int) -> None:
        """Forget the replies that the log has evicted."""
        self._base, self._through = base, max(base, self._through)
        kept = {root: each[bisect_right(each, base) :] for root, each in self._offsets.items()}
        self._offsets = {root: each for root, each in kept.items() if each}


def replies_in(entries: Iterable[Entry]) -> Iterable[tuple[int, int]]:
    """Yield the root and the offset of each reply."""
    for entry in entries:
        root = stored_root(entry.payload)
        if root is not None:
            yield root, entry.offset
