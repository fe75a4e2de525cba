"""A room's log on this node: the last entries and their frames, the queue of all members at once.

Nobody has a queue of their own. A member that fell behind is caught up from here, and from the broker's
history if it fell behind further than this reaches. Bounded by entries and bytes; the bound is the node's
memory for a room.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Final

from brokers.base import Entry
from service.wire.codecs import Codec

_offset: Final = attrgetter("offset")

# Trimmed entries are cut off the lists in bulk, an eighth of them at a time: so trimming costs O(1) an entry.
_SLACK: Final = 64
_SHARE: Final = 8
# The part of its bytes from which on a log counts as full: between trimmings it's never quite so.
_WORTH: Final = 0.9


class RoomLog:
    """The last entries of one room, with the frames of the codecs in use.

    `base` is the offset behind which the log begins, `end` that of its last entry: the log holds exactly the
    entries in `(base, end]`. Invariant: every list in `_frames` is as long as `_entries`.
    """

    __slots__ = (
        "_entries", "_first", "_frames", "base", "bytes", "end", "epoch", "max_bytes", "max_entries",
        "room",
    )  # fmt: skip

    def __init__(self, room: bytes, *, max_entries: int, max_bytes: int) -> None:
        self.room = room
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self._frames: dict[Codec, list[bytes]] = {}
        self.restart("", 0)

    def __len__(self) -> int:
        return len(self._entries) - self._first

    def restart(self, epoch: str, offset: int) -> None:
        """Forget all entries and go on behind a position."""
        self.epoch = epoch
        self.base = self.end = offset
        self.bytes = 0
        self._entries: list[Entry] = []
        self._first = 0
        for codec in self._frames:
            self._frames[codec] = []

    @property
    def has_room(self) -> bool:
        """Tell whether older entries are worth reading: what is read would not be trimmed again at once."""
        return len(self) < self.max_entries and self.bytes < self.max_bytes * _WORTH

    def prepend(self, entries: Sequence[Entry]) -> None:
        """Put older entries ahead of the log, as far as they join it and fit in."""
        older = [entry for entry in entries if entry.offset <= self.base and entry.epoch == self.epoch]
        if not older or older[-1].offset != self.base:
            return
        self._cut()
        self._entries[0:0] = older
        for codec, frames in self._frames.items():
            frames[0:0] = [codec.frame(self.room, entry) for entry in older]
        self.bytes += sum(len(entry.payload) for entry in older)
        self.base = older[0].prev
        self._trim()

    def append(self, entry: Entry) -> None:
        """Take the next entry, frame it for the codecs in use, and trim."""
        self._entries.append(entry)
        for codec, frames in self._frames.items():
            frames.append(codec.frame(self.room, entry))
        self.bytes += len(entry.payload)
        self.end = entry.offset
        self._trim()

    def use(self, codec: Codec) -> None:
        """Keep frames of this codec from now on, of what is here too."""
        if codec not in self._frames:
            self._cut()
            self._frames[codec] = [codec.frame(self.room, entry) for entry in self._entries]

    def drop(self, codec: Codec) -> None:
        """Keep frames of this codec no longer."""
        self._frames.pop(codec, None)

    def codecs(self) -> Iterable[Codec]:
        """Tell the codecs in use."""
        return self._frames.keys()

    def last_frame(self, codec: Codec) -> bytes:
        """Give the frame of the entry that was appended last."""
        return self._frames[codec][-1]

    def reaches(self, epoch: str, offset: int) -> bool:
        """Tell whether all entries behind that position are here."""
        return epoch == self.epoch and self.base <= offset

    def last(self, count: int) -> list[Entry]:
        """Give the last `count` entries, oldest first."""
        return self._entries[max(self._first, len(self._entries) - count) :]

    def after(self, offset: int, count: int) -> list[Entry]:
        """Give the first `count` entries behind an offset."""
        start = self._index(offset)
        return self._entries[start : start + count]

    def chunk(self, codec: Codec, after: int, through: int, max_bytes: int) -> tuple[list[bytes], int]:
        """Give frames behind `after` up to `through`, about `max_bytes`, and the offset they reach."""
        frames, size = [], 0
        start, stop = self._index(after), self._index(through)
        for index in range(start, stop):
            frame = self._frames[codec][index]
            frames.append(frame)
            size += len(frame)
            if size >= max_bytes:
                return frames, self._entries[index].offset
        return frames, max(after, through)

    def forget(self, expired: Callable[[Entry], bool]) -> None:
        """Drop the oldest entries while they are expired."""
        while len(self) and expired(self._entries[self._first]):
            self._drop_oldest()
        self._trim()

    def _index(self, offset: int) -> int:
        """Find the first entry behind an offset."""
        return bisect_right(self._entries, offset, lo=self._first, key=_offset)

    def _trim(self) -> None:
        # The newest entry stays however large it is, for it's about to be flushed.
        most = self.max_entries
        while (self.bytes > self.max_bytes or len(self._entries) - self._first > most) and len(self) > 1:
            self._drop_oldest()
        if self._first >= _SLACK and self._first * _SHARE >= len(self._entries):
            self._cut()

    def _drop_oldest(self) -> None:
        oldest = self._entries[self._first]
        self.base = oldest.offset
        self.bytes -= len(oldest.payload)
        self._first += 1

    def _cut(self) -> None:
        """Free what was trimmed."""
        del self._entries[: self._first]
        for frames in self._frames.values():
            del frames[: self._first]
        self._first = 0
