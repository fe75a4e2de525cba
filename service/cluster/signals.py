"""What nodes say to each other through the broker's signals: at most once, stored nowhere.

`Typing`, `Moved` and `State` go to the room that they are about; the others to `NODES`, where all nodes
listen. Each says which node said it, for a broker brings a signal back to its sender too.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

# No client can name these rooms: control characters are refused (specification §2).
NODES: Final = "\x00nodes"
NAMES: Final = "\x00names"


class Signal(msgspec.Struct, frozen=True, gc=False, tag_field="signal", tag=str.lower, kw_only=True):
    """What all signals have."""

    node: str


class Typing(Signal, frozen=True, gc=False):
    """A user is typing."""

    user: str


class Moved(Signal, frozen=True, gc=False):
    """Users came to a room and went, on one node. `prev` is the stamp of its last word on that room."""

    prev: int
    stamp: int
    joined: list[str] = []
    left: list[str] = []


class State(Signal, frozen=True, gc=False):
    """All users of a room on one node, in parts of which each follows the one before.

    `stamp` is that of the node's last `Moved` of the room, 0 if nobody is there; `at` that of its last of any
    room: so a state without users can be told from an old one.
    """

    stamp: int
    at: int
    part: int
    parts: int
    users: list[str]


class Beat(Signal, frozen=True, gc=False):
    """A node lives. `stamps` are those of some rooms with users there; once round through all is a lap."""

    lap: int
    stamps: dict[str, int]


class Ask(Signal, frozen=True, gc=False):
    """A node wants the state of some rooms (None: of all), from one node (empty: from all).

    Who asks all for all has missed an unknown part of everything, and was missed by the others.
    """

    to: str
    number: int
    rooms: list[str] | None


class Answered(Signal, frozen=True, gc=False):
    """A node has told all that it was asked for under a number."""

    to: str
    number: int


class Bye(Signal, frozen=True, gc=False):
    """A node goes, and with it all its users."""


class ListRooms(Signal, frozen=True, gc=False):
    """A node wants the first `most` open rooms behind a name, of those that are named or begin so."""

    number: int
    after: str
    most: int
    names: list[str]
    beginnings: list[str]


class RoomsListed(Signal, frozen=True, gc=False):
    """The rooms that a node was asked for under a number, with the users in each."""

    to: str
    number: int
    rooms: dict[str, int]
    more: bool


PresenceSignal: TypeAlias = Typing | Moved | State | Beat | Ask | Answered | Bye
AnySignal: TypeAlias = PresenceSignal | ListRooms | RoomsListed

_encoder: Final = msgspec.json.Encoder()
_decoder: Final[msgspec.json.Decoder[AnySignal]] = msgspec.json.Decoder(AnySignal)


def encode(signal: AnySignal) -> bytes:
    """Write a signal."""
    return _encoder.encode(signal)


def decode(payload: bytes) -> AnySignal | None:
    """Read a signal; None for what is none, or of another kind, as nodes of a later version may send."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
