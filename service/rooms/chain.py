"""The chain rule: each entry names the offset before it, so a missing entry is detected at the next one."""

from __future__ import annotations

from enum import Enum, auto

from brokers.base import UNWRITTEN, Entry, Position


class Verdict(Enum):
    """The relation of an entry to a chain."""

    NEXT = auto()
    DUPLICATE = auto()
    GAP = auto()
    FIRST = auto()  # it begins the epoch of a room that had no entries


# In Python 3.11 an attribute of an enum costs as much as two calls: too much for each message.
NEXT, DUPLICATE, GAP, FIRST = Verdict


class Chain:
    """The position up to which this node has every entry of a room."""

    __slots__ = ("epoch", "offset")

    def __init__(self, position: Position) -> None:
        self.epoch, self.offset = position

    def classify(self, entry: Entry) -> Verdict:
        """Classify an entry. Another epoch is a gap too: only the broker knows what is in between."""
        if entry.epoch != self.epoch:
            return FIRST if self.unwritten and not entry.prev else GAP
        if entry.offset <= self.offset:
            return DUPLICATE
        return NEXT if entry.prev == self.offset else GAP

    @property
    def unwritten(self) -> bool:
        """Whether the room had no entries yet, and no epoch."""
        return self.epoch == UNWRITTEN

    def advance(self, entry: Entry) -> None:
        """Move to an entry."""
        self.epoch, self.offset = entry.epoch, entry.offset

    def take_next(self, entry: Entry) -> bool:
        """Move to an entry if it is the next one, as most are; return whether it is."""
        if entry.epoch != self.epoch or entry.prev != self.offset or entry.offset <= self.offset:
            return False
        self.offset = entry.offset
        return True

    def missed(self, head: Position, asked_at: Position) -> bool:
        """Return whether a room's head is not a position that this chain passed since the head was requested.

        A head ahead of the chain means that entries were missed. A head before it means that the broker lost
        the room's last entries and will use their offsets again.
        """
        if not head.epoch == asked_at.epoch == self.epoch:
            return True
        return not asked_at.offset <= head.offset <= self.offset
