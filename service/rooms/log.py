"""A room's log on this node: the last entries and their frames, one shared queue for all members.

Members have no queues of their own. A slow consumer is caught up from the log, and from the broker's history
if the log doesn't reach its position. The log is bounded by entries and bytes: a node's memory for a room.

The log knows all changes of the messages in it, because a change comes after its message. When a message is
deleted, its text and that of its edits are removed from the log: no member that is caught up receives them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final

from brokers.base import Entry
from hubbub_protocol.folding import ChangeKind
from service.rooms.change_index import ChangeIndex
from service.rooms.replies import Replies
from service.wire.codecs import Codec
from service.wire.messages import CHANGE_START, decode_change, is_change, with_replies, without_text

_offset: Final = attrgetter("offset")

# Evicted entries are removed from the lists in bulk, an eighth at a time, so that eviction costs O(1) per
# entry.
_COMPACT_MIN: Final = 64
_COMPACT_SHARE: Final = 8
# The share of its bytes from which a log counts as full: just after an eviction it is a little below its
# bound.
_FULL_SHARE: Final = 0.9


class RoomLog:
    """The last entries of one room, with the frames of the codecs in use.

    The log holds exactly the entries in `(base, end]`: `end` is the offset of its last entry. Invariant:
    every list in `frames` is as long as `_entries`.

    Attributes:
        changes: the changes among the entries.
        frames: the frames of the entries, for each codec in use. Only the log changes them.
        replies: the replies among the entries.
    """

    __slots__ = (
        "__weakref__", "_entries", "_first", "base", "bytes", "changes", "end", "epoch", "frames",
        "max_bytes", "max_entries", "replies", "room",
    )  # fmt: skip

    def __init__(self, room: bytes, *, max_entries: int, max_bytes: int) -> None:
        self.room = room
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.frames: dict[Codec, list[bytes]] = {}
        self.restart("", 0)
        self.replies = Replies(self)

    def __len__(self) -> int:
        return len(self._entries) - self._first

    def restart(self, epoch: str, offset: int) -> None:
        """Discard all entries and continue after a position."""
        self.epoch = epoch
        self.base = self.end = offset
        self.bytes = 0
        self._entries: list[Entry] = []
        self._first = 0
        self.changes = ChangeIndex()
        for codec in self.frames:
            self.frames[codec] = []

    @property
    def has_capacity(self) -> bool:
        """Return whether the log has capacity for older entries: they would not be evicted again at once."""
        return len(self) < self.max_entries and self.bytes < self.max_bytes * _FULL_SHARE

    def prepend(self, entries: Sequence[Entry]) -> None:
        """Prepend older entries, if they join the log and as far as they fit."""
        older = [entry for entry in entries if entry.offset <= self.base and entry.epoch == self.epoch]
        if not older or older[-1].offset != self.base:
            return
        self._compact()
        self._entries[0:0] = older
        for codec, frames in self.frames.items():
            frames[0:0] = [codec.frame(self.room, entry) for entry in older]
        self.bytes += sum(len(entry.payload) for entry in older)
        self.base = older[0].prev
        self._index_changes(older)
        self._trim()

    def append(self, entry: Entry) -> None:
        """Append the next entry, frame it for the codecs in use, and evict."""
        self._entries.append(entry)
        for codec, frames in self.frames.items():
            frames.append(codec.frame(self.room, entry))
        self.bytes += len(entry.payload)
        self.end = entry.offset
        # Not `is_change`: a call for each entry costs more than the comparison.
        if entry.payload.startswith(CHANGE_START):
            self._append_change(entry)
        self._trim()

    def use(self, codec: Codec) -> None:
        """Keep frames of this codec from now on, also of the entries in the log."""
        if codec not in self.frames:
            self._compact()
            self.frames[codec] = [codec.frame(self.room, entry) for entry in self._entries]

    def drop(self, codec: Codec) -> None:
        """Stop keeping frames of this codec."""
        self.frames.pop(codec, None)

    def reaches(self, epoch: str, offset: int) -> bool:
        """Return whether the log holds all entries after a position."""
        return epoch == self.epoch and self.base <= offset

    def last(self, count: int) -> list[Entry]:
        """Return the last `count` entries, oldest first."""
        return self._entries[max(self._first, len(self._entries) - count) :]

    @property
    def messages(self) -> int:
        """Return the number of messages."""
        return len(self) - len(self.changes)

    def last_messages(self, count: int) -> list[Entry]:
        """Return the last `count` messages, folded, oldest first."""
        if not count or self.end == self.base:
            return []
        if not self.changes and not self.replies:
            return self.last(count)
        found: list[Entry] = []
        for index in range(len(self._entries) - 1, self._first - 1, -1):
            if len(found) == count:
                break
            if not is_change(self._entries[index]):
                found.append(self.shown(self._entries[index]))
        found.reverse()
        return found

    def shown(self, entry: Entry) -> Entry:
        """Return a message of the log with its changes and the number of replies to it."""
        replies = self.replies.of(entry.offset)
        folded = self.changes.fold(entry)
        return with_replies(folded, len(replies), replies[-1]) if replies else folded

    def get(self, offset: int) -> Entry | None:
        """Return the entry at an offset, if the log holds it."""
        index = self._index(offset - 1)
        entry = self._entries[index] if index < len(self._entries) else None
        return entry if entry is not None and entry.offset == offset else None

    def after(self, offset: int, count: int) -> list[Entry]:
        """Return the first `count` entries after an offset."""
        start = self._index(offset)
        return self._entries[start : start + count]

    def chunk(self, codec: Codec, after: int, through: int, max_bytes: int) -> tuple[list[bytes], int]:
        """Return frames after `after` up to `through`, about `max_bytes`, and the offset of the last one."""
        frames, size = [], 0
        start, stop = self._index(after), self._index(through)
        for index in range(start, stop):
            frame = self.frames[codec][index]
            frames.append(frame)
            size += len(frame)
            if size >= max_bytes:
                return frames, self._entries[index].offset
        return frames, max(after, through)

    def evict(self, expired: Callable[[Entry], bool]) -> None:
        """Evict the oldest entries while they are expired."""
        while len(self) and expired(self._entries[self._first]):
            self._evict_oldest()
        self._trim()

    def _append_change(self, entry: Entry) -> None:
        change = decode_change(entry)
        if change is not None:
            self.changes.add(change)
            if change.change == ChangeKind.DELETE:
                self._redact(change.target)

    def _forget_change(self, entry: Entry) -> None:
        change = decode_change(entry)
        if change is not None:
            self.changes.remove_oldest(change.target)

    def _index(self, offset: int) -> int:
        """Return the index of the first entry after an offset."""
        return bisect_right(self._entries, offset, lo=self._first, key=_offset)

    def _trim(self) -> None:
        # The newest entry stays, however large it is: it is about to be flushed.
        kept = len(self._entries) - self._first
        while kept > 1 and (kept > self.max_entries or self.bytes > self.max_bytes):
            self._evict_oldest()
            kept -= 1
        if self._first >= _COMPACT_MIN and self._first * _COMPACT_SHARE >= len(self._entries):
            self._compact()

    def _index_changes(self, older: Sequence[Entry]) -> None:
        """Add the changes among entries that were prepended, and redact what was deleted."""
        seen = {entry.offset for entry in older}
        for entry in reversed(older):
            change = decode_change(entry)
            if change is not None:
                self.changes.add(change, first=True)
                seen.add(change.target)
        for target in seen:
            if self.changes.is_deleted(target):
                self._redact(target)

    def _redact(self, target: int) -> None:
        """Remove the text of a deleted message and of its edits (CG3)."""
        message = self.get(target)
        if message is not None and not is_change(message):
            self._replace(self.changes.fold(message))
        for change in self.changes.of(target):
            edit = self.get(change.offset) if change.text is not None else None
            if edit is not None:
                self._replace(without_text(edit))

    def _replace(self, entry: Entry) -> None:
        index = self._index(entry.offset - 1)
        self.bytes += len(entry.payload) - len(self._entries[index].payload)
        self._entries[index] = entry
        for codec, frames in self.frames.items():
            frames[index] = codec.frame(self.room, entry)

    def _evict_oldest(self) -> None:
        oldest = self._entries[self._first]
        if oldest.payload.startswith(CHANGE_START):
            self._forget_change(oldest)
        self.base = oldest.offset
        self.bytes -= len(oldest.payload)
        self._first += 1

    def _compact(self) -> None:
        """Free the memory of evicted entries."""
        del self._entries[: self._first]
        for frames in self.frames.values():
            del frames[: self._first]
        self._first = 0
