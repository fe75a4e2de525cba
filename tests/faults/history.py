"""What happened in one run, as everybody concerned told it: a list of events, and nothing else.

All that is judged later (`checks`) stands here: what clients sent, were acknowledged, saw and were told; what
each node keeps of each room at the end, and whom it lists; what was left over.
"""

from __future__ import annotations

import time
from enum import StrEnum
from typing import NamedTuple, TypeAlias
from zlib import crc32

import msgspec
from typing_extensions import override

from tests.faults.plan import Plan


class What(StrEnum):
    """What an event is. The words are those that a report prints."""

    # A client, of a room.
    SENDS = "sends"
    STORED = "is told that it's stored:"
    FAILED = "is told that it's refused:"
    SEES = "sees"
    JOINS = "joins anew behind"
    GOES_ON = "goes on behind"
    GAP = "is told of a gap"
    LAGS = "is told that it reads too slowly"
    LEAVES = "leaves"
    # A client, of all its rooms.
    QUITS = "quits"
    ENDS = "is closed:"
    STAYS = "is there at the end, as"
    # A node, at the end.
    KEEPS = "keeps"
    LISTS = "lists"
    LEAVES_OVER = "has left over:"
    COMPLAINS = "complains:"
    # The plan.
    FAULT = "begins:"
    HEALED = "is over:"


class Place(NamedTuple):
    """A position in a room."""

    epoch: str
    offset: int

    @override
    def __str__(self) -> str:
        return f"{self.offset}" if not self.epoch else f"{self.epoch[-6:]}/{self.offset}"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody told.

    Attributes:
        at: seconds since the start, on a clock that never goes back.
        who: a client, a node, or "plan".
        key: which message it is about.
        place: where; of `JOINS` and `GOES_ON`: behind what.
        behind: the offset that the entry before it has, of `KEEPS`.
        note: what else there is to say; of `SENDS`, `SEES` and `KEEPS` a digest of the text.
    """

    at: float
    who: str
    what: What
    room: str = ""
    key: str = ""
    place: Place | None = None
    behind: int | None = None
    note: str = ""

    @override
    def __str__(self) -> str:
        where = f" in {self.room}" if self.room else ""
        said = [self.key, f"at {self.place}" if self.place and self.key else str(self.place or "")]
        note = "" if self.what in _DIGESTED else self.note
        return " ".join(filter(None, (f"{self.at:8.3f} s  {self.who}{where} {self.what}", *said, note)))


_DIGESTED = frozenset({What.SENDS, What.SEES, What.KEEPS})

History: TypeAlias = list[Event]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One run: what was to happen, and what did."""

    plan: Plan
    events: History


def digest(text: str) -> str:
    """Give what stands for a text in a history."""
    return f"{crc32(text.encode()):08x}"


class Recorder:
    """Writes events down as they come."""

    def __init__(self) -> None:
        self.events: History = []
        self._started = time.monotonic()

    def start(self) -> None:
        """Count the seconds from now on."""
        self._started = time.monotonic()

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def note(
        self,
        who: str,
        what: What,
        *,
        room: str = "",
        key: str = "",
        place: Place | None = None,
        behind: int | None = None,
        note: str = "",
    ) -> None:
        """Write one event down."""
        self.events.append(
            Event(at=self.now, who=who, what=what, room=room, key=key, place=place, behind=behind, note=note)
        )
