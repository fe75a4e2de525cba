"""What a node says: one struct for each event of the specification, §3."""

from __future__ import annotations

from typing import Annotated

import msgspec


class Limits(msgspec.Struct, frozen=True, gc=False):
    """The bounds of a connection: bytes of a frame, characters of a text, rooms, sends a second, a burst."""

    frame: int
    text: int
    rooms: int
    sends: float
    burst: int


class Members(msgspec.Struct, frozen=True):
    """How many users are in a room, and the first names by alphabet."""

    count: int
    names: list[str]
    more: bool


class Message(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="message"):
    """A stored entry of a room. `prev` is the offset of the one before it; `at` is ms since 1970."""

    room: str
    offset: int
    prev: int
    key: str
    user: str
    text: str
    at: int


class Welcome(msgspec.Struct, frozen=True, tag_field="type", tag="welcome"):
    """The answer to `hello`. `ping` and `time` are in ms; `session` proves the name (CN4)."""

    id: int
    user: str
    session: str
    ping: int
    time: int
    limits: Limits


class Joined(msgspec.Struct, frozen=True, tag_field="type", tag="joined"):
    """The answer to `join`; the live messages go on behind it (RM1-RM5)."""

    id: int
    room: str
    epoch: str
    head: int
    recovered: bool
    messages: list[Message]
    members: Members


class Left(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="left"):
    """The answer to `leave`."""

    id: int
    room: str


class Sent(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="sent"):
    """The answer to `send`: the message is stored at this position."""

    id: int
    epoch: str
    offset: int
    duplicate: bool


class Page(msgspec.Struct, frozen=True, tag_field="type", tag="page"):
    """The answer to `history`, oldest first. `more`: older ones are kept."""

    id: int
    room: str
    messages: list[Message]
    more: bool


class MembersPage(msgspec.Struct, frozen=True, tag_field="type", tag="members"):
    """The answer to `who`."""

    id: int
    room: str
    count: int
    names: list[str]
    more: bool


class Refreshed(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="refreshed"):
    """The answer to `refresh`: the new token is good for `expires` ms."""

    id: int
    expires: int


class Presence(msgspec.Struct, frozen=True, tag_field="type", tag="presence"):
    """Who came and who went since the last one, and how many are there now."""

    room: str
    count: int
    joined: list[str]
    left: list[str]


class TypingNow(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="typing"):
    """A user of the room is typing."""

    room: str
    user: str


class Reset(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="reset"):
    """Messages of the room are lost to this member; the chain goes on behind this position (RM6)."""

    room: str
    epoch: str
    offset: int


class Expiring(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="expiring"):
    """The token expires `within` ms (`in` on the wire)."""

    within: Annotated[int, msgspec.Meta(ge=0)] = msgspec.field(name="in")


class Ping(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="ping"):
    """The node is alive (CN7)."""


class Drain(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="drain", omit_defaults=True):
    """The node goes away, or has no room yet: reconnect after `delay` ms; `booked`: there is room then."""

    delay: int
    booked: bool | None = None


class Error(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="error", omit_defaults=True):
    """A command was refused; `retry_after` is in ms."""

    # A Code, or one that a newer server knows and this client doesn't (specification, §11).
    code: str
    message: str
    # Always on the wire, so that a client never has to guess.
    retry: bool
    id: int | None = None
    retry_after: int | None = None
    suggestion: str | None = None


Event = (
    Welcome | Joined | Left | Sent | Page | MembersPage | Refreshed | Message | Presence | TypingNow | Reset
    | Expiring | Ping | Drain | Error
)  # fmt: skip
