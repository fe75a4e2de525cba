"""The signals between nodes, sent through the broker: at most once, stored nowhere.

`TypingSignal`, `PresenceChange` and `PresenceState` are sent to the room that they are about, the others to
`NODES`, which all nodes subscribe to. Each names its sender, because a broker also delivers a signal to its
sender.

Nodes of two versions run side by side during an upgrade, so tags and field names must not change.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import msgspec

# No client can name these rooms: the protocol rejects control characters in room names.
NODES: Final = "\x00nodes"
NAMES: Final = "\x00names"


class Signal(msgspec.Struct, frozen=True, gc=False, tag_field="signal", kw_only=True):
    """The base of all signals."""

    node: str


class TypingSignal(Signal, frozen=True, gc=False, tag="typing"):
    """A user is typing."""

    user: str


class PresenceChange(Signal, frozen=True, gc=False, tag="moved", omit_defaults=True):
    """Joins and leaves of a room on one node. `prev` is the stamp of that node's change before it.

    `away` and `back` are users with connections on that node, all of which are away, or no longer (PR6).
    Older nodes send neither, and ignore them.
    """

    prev: int
    stamp: int
    joined: list[str] = []
    left: list[str] = []
    away: list[str] = []
    back: list[str] = []


class PresenceState(Signal, frozen=True, gc=False, tag="state", omit_defaults=True):
    """All users of a room on one node, in consecutive parts.

    `stamp` is that of the node's last `PresenceChange` of the room, 0 if it has no users there. `at` is that
    of the node's last change of any room, so that a state without users can be compared by age. `away` are
    those of the users whose connections on the node are all away; older nodes don't send them.
    """

    stamp: int
    at: int
    part: int
    parts: int
    users: list[str]
    away: list[str] = []


class Heartbeat(Signal, frozen=True, gc=False, tag="beat"):
    """A node is alive. `stamps` are those of some of its rooms; a lap is one round through all of them."""

    lap: int
    stamps: dict[str, int]


class StateRequest(Signal, frozen=True, gc=False, tag="ask"):
    """A node requests the state of some rooms (None: all), from one node (empty: from all).

    A request for all rooms from all nodes means that the sender missed signals, and that the others missed
    its own.
    """

    to: str
    number: int
    rooms: list[str] | None


class StateRequestDone(Signal, frozen=True, gc=False, tag="answered"):
    """A node has sent all states of the request with a number."""

    to: str
    number: int


class NodeLeaving(Signal, frozen=True, gc=False, tag="bye"):
    """A node leaves, with all its users."""


class ListRooms(Signal, frozen=True, gc=False, tag="listrooms"):
    """A node queries the first `most` open rooms after a name, among those with these names or prefixes."""

    number: int
    after: str
    most: int
    names: list[str]
    beginnings: list[str]


class RoomEnd(NamedTuple):
    """The last entry of a room: its position, and when it was sent (ms since 1970; 0 if unknown)."""

    epoch: str
    offset: int
    at: int


class RoomsListed(Signal, frozen=True, gc=False, tag="roomslisted"):
    """The answer to a query by its number: a node's rooms, with the users in each, and their ends.

    Older nodes send no ends.
    """

    to: str
    number: int
    rooms: dict[str, int]
    more: bool
    ends: dict[str, RoomEnd] = {}


class MovedMark(NamedTuple):
    """A user has read a room up to a position, with so many messages and mentions behind it."""

    user: str
    room: str
    epoch: str
    offset: int
    unread: int
    mentions: int = 0


class MarksMoved(Signal, frozen=True, gc=False, tag="marks"):
    """Read marks moved on a node."""

    marks: list[MovedMark]


StateSignal: TypeAlias = PresenceChange | PresenceState | Heartbeat | StateRequest | StateRequestDone
PresenceSignal: TypeAlias = TypingSignal | StateSignal | NodeLeaving
AnySignal: TypeAlias = PresenceSignal | ListRooms | RoomsListed | MarksMoved

_encoder: Final = msgspec.json.Encoder()
_decoder: Final[msgspec.json.Decoder[AnySignal]] = msgspec.json.Decoder(AnySignal)


def encode(signal: AnySignal) -> bytes:
    """Encode a signal."""
    return _encoder.encode(signal)


def decode(payload: bytes) -> AnySignal | None:
    """Decode a signal; return None for anything else, such as a signal of a later version."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
