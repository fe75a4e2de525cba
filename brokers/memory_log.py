"""Store the entries of one room: a plain object without I/O."""

from __future__ import annotations

import math
from collections import deque

from msgspec import Struct

from brokers.base import Entry, Page, Position, Retention

# What an entry and a key take besides the payload: objects, their places in containers, the key's text.
ENTRY_BYTES = 512
KEY_BYTES = 256
# Many keys may expire at once: the cost of removing them is spread over many calls.
_SWEPT_AT_ONCE = 64


class _Kept(Struct, frozen=True, gc=False):
    """An entry, and when it was stored."""

    at: float
    entry: Entry


class _Seen(Struct, frozen=True, gc=False):
    """A key, when it was stored, and the offset of its entry."""

    at: float
    key: str
    offset: int


class StoredBytes:
    """The memory that all logs of a hub take together, as estimated from their entries and keys."""

    __slots__ = ("total",)

    def __init__(self) -> None:
        self.total = 0


class MemoryLog:
    """The entries of one room within its limits, and the idempotency keys within the key window.

    Offsets are consecutive, so an entry's index in the deque follows from its offset. The caller passes the
    time: seconds of any monotonic clock.
    """

    __slots__ = (
        "_age",
        "_due",
        "_entries",
        "_keys",
        "_largest",
        "_most",
        "_seen",
        "_stored",
        "_window",
        "epoch",
        "offset",
        "room",
        "size",
    )

    def __init__(
        self,
        room: str,
        epoch: str,
        retention: Retention,
        key_window: float,
        stored: StoredBytes | None = None,
    ) -> None:
        self.room = room
        self._stored = stored or StoredBytes()
        self.epoch = epoch
        self.offset = 0
        self.size = 0
        self._most = retention.entries
        self._largest = retention.size
        self._age = retention.age or math.inf
        self._window = key_window
        # Nothing expires before this time. It is kept so that `append` has no more to compare.
        self._due = -math.inf
        self._entries: deque[_Kept] = deque()
        # The same object is in both: in the dict for lookup, in the deque for expiry.
        self._keys: dict[str, _Seen] = {}
        self._seen: deque[_Seen] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def keys(self) -> int:
        """The number of remembered keys."""
        return len(self._keys)

    @property
    def head(self) -> Position:
        """The position of the last entry, stored or trimmed."""
        return Position(self.epoch, self.offset)

    def stored(self, key: str, now: float) -> int | None:
        """Return the offset that was stored under `key` within the window."""
        seen = self._keys.get(key)
        return seen.offset if seen and seen.at > now - self._window else None

    def append(self, payload: bytes, key: str, now: float) -> Entry:
        """Store an entry under a key that is not `stored`."""
        prev, offset = self.offset, self.offset + 1
        entry = Entry(self.room, self.epoch, prev, offset, payload)
        kept, seen = _Kept(now, entry), _Seen(now, key, offset)
        # The entry first, and the key last: what fails for lack of memory leaves no key without its entry.
        self._entries.append(kept)
        self.offset = offset
        self.size += len(payload)
        self._stored.total += len(payload) + ENTRY_BYTES + KEY_BYTES
        self._seen.append(seen)
        self._keys[key] = seen
        if len(self._entries) > self._most:
            self._drop_oldest()
        if self.size > self._largest or now >= self._due:
            self.trim(now)
        return entry

    def replace(self, offset: int, payload: bytes) -> None:
        """Replace the payload of an entry that is kept."""
        index = offset - (self.offset - len(self._entries) + 1)
        if not 0 <= index < len(self._entries):
            return
        kept = self._entries[index]
        entry = kept.entry
        self._entries[index] = _Kept(kept.at, Entry(entry.room, entry.epoch, entry.prev, offset, payload))
        self.size += len(payload) - len(entry.payload)
        self._stored.total += len(payload) - len(entry.payload)

    def trim(self, now: float) -> bool:
        """Remove entries beyond the limits and some expired keys; return whether no expired key is left."""
        entries, oldest = self._entries, now - self._age
        if now < self._due and len(entries) <= self._most and self.size <= self._largest:
            return True
        while entries and (len(entries) > self._most or self.size > self._largest or entries[0].at <= oldest):
            self._drop_oldest()
        swept = not self._seen or self._seen[0].at > now - self._window or self._sweep(now - self._window)
        # What is stored later expires later.
        first_entry, first_key = entries[0].at if entries else now, self._seen[0].at if self._seen else now
        self._due = min(first_entry + self._age, first_key + self._window)
        return swept

    def shed(self, size: int) -> int:
        """Remove the oldest entries until so many bytes are free, or none is left; return what is free."""
        before = self._stored.total
        while self._entries and before - self._stored.total < size:
            self._drop_oldest()
        return before - self._stored.total

    @property
    def footprint(self) -> int:
        """The memory that the entries take."""
        return self.size + ENTRY_BYTES * len(self._entries)

    def release(self) -> None:
        """Count nothing of this log any more, because it is dropped."""
        self._stored.total -= self.footprint + KEY_BYTES * len(self._seen)

    def _drop_oldest(self) -> None:
        size = len(self._entries.popleft().entry.payload)
        self.size -= size
        self._stored.total -= size + ENTRY_BYTES

    def _sweep(self, oldest: float) -> bool:
        for _ in range(_SWEPT_AT_ONCE):
            seen = self._seen.popleft()
            self._stored.total -= KEY_BYTES
            if self._keys.get(seen.key) is seen:  # otherwise it was stored again after its window
                del self._keys[seen.key]
            if not self._seen:
                self._keys.clear()  # a dict that only lost its items keeps its memory
                return True
            if self._seen[0].at > oldest:
                return True
        return False

    def page(self, *, after: int | None, before: int | None, limit: int, now: float) -> Page:
        """Read up to `limit` entries, as specified by `Broker.history`."""
        self.trim(now)
        kept = len(self._entries)
        first = self.offset - kept + 1
        if after is not None:
            start = min(max(after + 1 - first, 0), kept)
            stop = min(start + limit, kept)
            trimmed, more = after + 1 < first, stop < kept
        else:
            stop = kept if before is None else min(max(before - first, 0), kept)
            start = max(stop - limit, 0)
            trimmed, more = False, start > 0
        entries = tuple(self._entries[index].entry for index in range(start, stop))
        return Page(entries, self.head, trimmed, more)
