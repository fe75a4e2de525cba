"""What happened in one run, as clients and nodes reported it: a list of events, and nothing else.

The checks use nothing but this: what clients sent and received and which messages were acknowledged; what
each node keeps of each room at the end, and which members it lists; what was left over.
"""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias
from zlib import crc32

import msgspec
from typing_extensions import override

from tests.faults.plan import Plan

# The names of clients with the plain codec begin with this, and so do their texts.
PLAIN: Final = "q"


class What(StrEnum):
    """The kinds of events, in the words that a report prints."""

    # A client, of a room.
    SENDS = "sends"
    STORED = "receives an acknowledgement:"
    FAILED = "receives an error:"
    RECEIVES = "receives"
    JOINS = "joins without recovery after"
    RESUMES = "resumes after"
    GAP = "receives a gap"
    LAGS = "is a slow consumer"
    LEAVES = "leaves"
    # A client, of all its rooms.
    HEARS = "receives the text of"
    QUITS = "quits"
    ENDS = "is closed:"
    STAYS = "is connected at the end, as"
    # A node, at the end.
    KEEPS = "keeps"
    ARCHIVED = "has archived"
    READS = "reads up to"
    LISTS = "lists"
    LEAVES_OVER = "has left over:"
    COMPLAINS = "complains:"
    # The plan.
    FAULT = "begins:"
    HEALED = "is healed:"


class Place(NamedTuple):
    """A position in a room."""

    epoch: str
    offset: int

    @override
    def __str__(self) -> str:
        return f"{self.offset}" if not self.epoch else f"{self.epoch[-6:]}/{self.offset}"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One reported event.

    Attributes:
        at: seconds since the start, on a monotonic clock.
        who: a client, a node, or "plan".
        key: the message's key.
        place: the position; of `JOINS` and `RESUMES` the position before the first message.
        prev: the offset of the entry before it, of `KEEPS`.
        since: when it began, of `READS`, which is recorded when it ends.
        note: further text; of events about a stored or received message a digest of its text.
    """

    at: float
    who: str
    what: What
    room: str = ""
    key: str = ""
    place: Place | None = None
    prev: int | None = None
    since: float = 0.0
    note: str = ""

    @override
    def __str__(self) -> str:
        where = f" in {self.room}" if self.room else ""
        said = [self.key, f"at {self.place}" if self.place and self.key else str(self.place or "")]
        note = "" if self.what in _DIGESTED else self.note
        return " ".join(filter(None, (f"{self.at:8.3f} s  {self.who}{where} {self.what}", *said, note)))


_DIGESTED = frozenset({What.SENDS, What.RECEIVES, What.HEARS, What.KEEPS, What.ARCHIVED})

History: TypeAlias = list[Event]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One run: its plan, and its events."""

    plan: Plan
    events: History


def digest(text: str) -> str:
    """Return the digest that represents a text in a history."""
    return f"{crc32(text.encode()):08x}"


def key_of(key: str, text: str) -> str:
    """Return the key under which a history knows a message.

    A client of the plain codec has no keys. So its texts begin with one, and that is taken instead.
    """
    return text.split(" ", 1)[0] if text.startswith(PLAIN) else key


class Recorder:
    """Records events as they happen."""

    def __init__(self) -> None:
        self.events: History = []
        self._started = time.monotonic()

    def start(self) -> None:
        """Start the clock."""
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
        prev: int | None = None,
        since: float = 0.0,
        note: str = "",
    ) -> None:
        """Record one event."""
        event = Event(at=self.now, who=who, what=what, room=room, key=key, place=place, prev=prev, note=note)
        self.events.append(msgspec.structs.replace(event, since=since) if since else event)
