"""The events that a node sends: one struct for each event of the specification, §3."""

from typing import Annotated

import msgspec

from hubbub_protocol.list_events import (
    DirectoryPage,
    Marked,
    MarkMoved,
    OwnRoom,
    OwnRooms,
    ReadMark,
    RoomInfo,
)
from hubbub_protocol.presence_events import AwaySet, Members, MembersPage, Presence, TypingNow

# Those of the other modules are events too.
__all__ = [
    "AwaySet", "DirectoryPage", "MarkMoved", "Marked", "Members", "MembersPage", "OwnRoom", "OwnRooms",
    "Presence", "ReadMark", "RoomInfo", "TypingNow",
]  # fmt: skip


class Limits(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The limits: bytes of a frame, characters of a text, rooms, sends per second, burst of sends.

    `file` is the bytes of a file, if the server takes files.
    """

    frame: int
    text: int
    rooms: int
    sends: float
    burst: int
    file: int | None = None


class Reactor(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A user who reacted."""

    user: str
    user_id: str | None = None


class Reaction(msgspec.Struct, frozen=True, gc=False):
    """An emoji, and all users who reacted with it, in the order in which they did."""

    emoji: str
    users: list[Reactor]


class Deletion(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who deleted a message, and when."""

    user: str
    at: int
    user_id: str | None = None


class ReplyCount(msgspec.Struct, frozen=True, gc=False):
    """The number of replies in the thread of a message, and the offset of the last one."""

    count: int
    last: int


class File(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A file of a message (FL3): bytes, media type, and pixels if it is an image."""

    id: str
    name: str
    size: int
    type: str
    width: int | None = None
    height: int | None = None


class Message(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="message", omit_defaults=True):
    """A stored entry of a room. `prev` is the offset of the entry before it; `at` is ms since 1970.

    `user`, `user_id` and `kind` are its author's; older messages have neither an id nor a kind (SN8).
    `thread` is the offset of the root of its thread, if `reply_to` is another one (TH1).
    `mentions` are the ids of the users whom the text mentions (SN11).
    `event` is what it reports, if no user wrote it: `topic`, or a kind of a newer server (TP3).
    The fields from `edited` on are those of a folded message: `changed` is the offset of the last change in
    it.
    """

    room: str
    offset: int
    prev: int
    key: str
    user: str
    text: str
    at: int
    user_id: str | None = None
    # A kind of a newer server that this client does not know is possible (specification, §11).
    kind: str | None = None
    reply_to: int | None = None
    thread: int | None = None
    mentions: list[str] | None = None
    event: str | None = None
    files: list[File] | None = None
    edited: int | None = None
    deleted: Deletion | None = None
    reactions: list[Reaction] | None = None
    changed: int | None = None
    replies: ReplyCount | None = None


class Change(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="change", omit_defaults=True):
    """A stored entry of a room that changes the message at the offset `target`.

    `change` is a `ChangeKind`, or a kind of a newer server, which this client does not know.
    """

    room: str
    offset: int
    prev: int
    change: str
    target: int
    key: str
    user: str
    at: int
    user_id: str | None = None
    kind: str | None = None
    text: str | None = None
    emoji: str | None = None
    mentions: list[str] | None = None


Entry = Message | Change


class Welcome(msgspec.Struct, frozen=True, tag_field="type", tag="welcome", omit_defaults=True):
    """The reply to `hello`. `ping` and `time` are in ms; `session` proves the name (CN4) and the id (CN8)."""

    id: int
    user: str
    session: str
    ping: int
    time: int
    limits: Limits
    # Older servers send neither (CN8).
    user_id: str | None = None
    kind: str | None = None
    features: list[str] | None = None


class Joined(msgspec.Struct, frozen=True, tag_field="type", tag="joined", omit_defaults=True):
    """The reply to `join`; the live messages follow it (RM1-RM5)."""

    id: int
    room: str
    epoch: str
    head: int
    recovered: bool
    messages: list[Entry]
    members: Members
    # Older servers, and guests, have none.
    mark: ReadMark | None = None
    topic: str | None = None


class Left(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="left"):
    """The reply to `leave`."""

    id: int
    room: str


class Sent(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="sent"):
    """The reply to `send` and to a change: the entry is stored at this position."""

    id: int
    epoch: str
    offset: int
    duplicate: bool


class Ticket(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="ticket"):
    """The reply to `upload`: the id of the file, whose upload must begin within `expires` ms."""

    id: int
    file: str
    expires: int


class MessagesPage(msgspec.Struct, frozen=True, tag_field="type", tag="page", omit_defaults=True):
    """The reply to `history`, oldest first. `more`: the server has older messages, before `before`."""

    id: int
    room: str
    messages: list[Message]
    more: bool
    before: int | None = None


class Refreshed(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="refreshed"):
    """The reply to `refresh`: the new token is valid for `expires` ms."""

    id: int
    expires: int


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A message that a search found, and its epoch."""

    epoch: str
    message: Message


class Found(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="found", omit_defaults=True):
    """The reply to `search`: hits, newest first (SR1). `more` is where the next page begins, or None."""

    id: int
    room: str
    hits: list[Hit]
    more: str | None = None


class Reset(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="reset"):
    """Messages of the room are lost for this member; the chain continues after this position (RM6)."""

    room: str
    epoch: str
    offset: int


class Expiring(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="expiring"):
    """The token expires in `within` ms (`in` on the wire)."""

    within: Annotated[int, msgspec.Meta(ge=0)] = msgspec.field(name="in")


class Ping(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="ping"):
    """A heartbeat of the node (CN7)."""


class Drain(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="drain", omit_defaults=True):
    """The node shuts down or has too many new connections: reconnect after `delay` ms (CL3, CL4)."""

    delay: int
    booked: bool | None = None


class Error(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="error", omit_defaults=True):
    """A command was rejected; `retry_after` is in ms."""

    # A Code, or a code of a newer server that this client does not know (specification, §11).
    code: str
    message: str
    # Always on the wire, so that a client need not know the code to handle it.
    retry: bool
    id: int | None = None
    retry_after: int | None = None
    suggestion: str | None = None


Event = (
    Welcome | Joined | Left | Sent | MessagesPage | MembersPage | AwaySet | Refreshed | Message
    | Change | Presence
    | TypingNow | Reset | Expiring | Ping | Drain | Found | DirectoryPage | Marked | MarkMoved | OwnRooms
    | Ticket | Error
)  # fmt: skip
