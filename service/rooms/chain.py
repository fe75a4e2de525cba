"""The chain rule: each entry names the one before it, so a missing one is seen at the next."""

from __future__ import annotations

from enum import Enum, auto

from brokers.base import Entry, Position


class Verdict(Enum):
    """What an entry is to a chain."""

    NEXT = auto()
    REPEAT = auto()
    HOLE = auto()


class Chain:
    """The position up to which this node has every entry of a room."""

    __slots__ = ("epoch", "offset")

    def __init__(self, position: Position) -> None:
        self.epoch, self.offset = position

    def judge(self, entry: Entry) -> Verdict:
        """Tell what an entry is. Another epoch is a hole too: only the broker can say what was between."""
        if entry.epoch != self.epoch:
            return Verdict.HOLE
        if entry.offset <= self.offset:
            return Verdict.REPEAT
        return Verdict.NEXT if entry.prev == self.offset else Verdict.HOLE

    def advance(self, entry: Entry) -> None:
        """Go on behind an entry."""
        self.epoch, self.offset = entry.epoch, entry.offset

    def missed(self, head: Position, asked_at: Position) -> bool:
        """Tell whether a room's head is not on the way that this chain took since the head was asked for.

        Ahead: entries were missed. Behind: the backbone lost the room's end, and
        will use its offsets again.
        """
        if not head.epoch == asked_at.epoch == self.epoch:
            return True
        return not asked_at.offset <= head.offset <= self.offset
