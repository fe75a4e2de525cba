"""The events of a room: frozen, and made for `match`."""

import msgspec

from hubbub_protocol.commands import Since
from hubbub_protocol.events import Deletion, File, Reaction, ReadMark, ReplyCount

# An epoch and an offset: the place of a message, or how far a client has read.
Position = Since


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message in the room. `at` is ms since 1970; `key` is the idempotency key of its sender.

    `user` is the author's name, `user_id` the stable id, and `kind` one of `guest`, `verified` and `bot`, or
    a kind of a newer server. Messages that older servers stored have neither an id nor a kind.
    `thread` is the root of its thread, if it is a reply; `replies` counts those in the thread of a root.
    `event`: no user wrote it; with "topic", the text is the new topic of the room.
    `mentions` are the ids of the users whom the text mentions.
    `files` are at `file_path(file)` of the server.
    `live`: it was stored after the application joined, also if it was missed meanwhile. History is not live.

    `edited` is when it was edited last, in ms since 1970. `changed` is the offset of the last change in it:
    `fold` ignores the changes up to there.
    """

    room: str
    position: Position
    key: str
    user: str
    text: str
    at: int
    user_id: str | None = None
    kind: str | None = None
    reply_to: Position | None = None
    thread: Position | None = None
    mentions: tuple[str, ...] = ()
    event: str | None = None
    files: tuple[File, ...] = ()
    edited: int | None = None
    deleted: Deletion | None = None
    reactions: tuple[Reaction, ...] = ()
    changed: int | None = None
    replies: ReplyCount | None = None
    live: bool = True


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """The message at `target` was changed: edited, deleted, or reacted to. `fold` applies it.

    `change` is "edit", "delete", "react" or "unreact", or a kind that only newer servers know. An edit has a
    text, a reaction an emoji.
    """

    room: str
    position: Position
    target: Position
    change: str
    key: str
    user: str
    at: int
    user_id: str | None = None
    kind: str | None = None
    text: str | None = None
    emoji: str | None = None
    mentions: tuple[str, ...] = ()


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """The room is live. Messages continue after `position`; unless `recovered`, some may be missing."""

    room: str
    position: Position
    recovered: bool


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Messages between the last one and the next are lost."""

    room: str


class Lagged(msgspec.Struct, frozen=True, kw_only=True):
    """The reader was too slow and the queue overflowed. The dropped events follow again."""

    room: str


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """The users who joined and left; in a large room only the number of members.

    `away` became away, and `back` are here again: a user is away when all connections are.
    """

    room: str
    count: int
    joined: tuple[str, ...]
    left: tuple[str, ...]
    away: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


class Typing(msgspec.Struct, frozen=True, kw_only=True):
    """All users who are typing now, longest first."""

    room: str
    names: tuple[str, ...]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """An own message or change is stored."""

    room: str
    key: str
    position: Position
    duplicate: bool


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """An own message or change was rejected permanently.

    A message can be sent again (`resend`) or dropped (`discard`). `message` is the reason in words, `code` is
    the same for programs.
    """

    room: str
    key: str
    code: str
    message: str


class ReadMarkMoved(msgspec.Struct, frozen=True, kw_only=True):
    """The user's read mark of the room is here: after a join, and when it moves on any connection."""

    room: str
    mark: ReadMark


Event = Message | Changed | Joined | Gap | Lagged | Presence | Typing | Sent | Failed | ReadMarkMoved


class SendReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """The position of a stored own message or change. `duplicate`: an earlier attempt had stored it."""

    key: str
    position: Position
    duplicate: bool


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of history, oldest first. Unless `more`, it starts with the first message of the room."""

    messages: tuple[Message, ...]
    more: bool


class FoundMessages(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that a search found, newest first. `more` is the `before` of the next page; None: no more."""

    messages: tuple[Message, ...]
    more: str | None


class ThreadPage(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of a thread, oldest first. The page before is read with `before`; None: there is none."""

    messages: tuple[Message, ...]
    before: int | None


class MemberNames(msgspec.Struct, frozen=True, kw_only=True):
    """Some names of a room, in alphabetical order. `more`: there are others after the last one.

    `away` are those of the names whose users are away.
    """

    count: int
    names: tuple[str, ...]
    more: bool
    away: frozenset[str] = frozenset()


class ListedRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room that the user may read: the number of its users, and its last entry.

    `newest` is None in a room without messages. `at` is when the last entry was sent, in ms since 1970,
    if the server knows it.
    """

    name: str
    members: int
    newest: Position | None
    at: int | None
    topic: str | None = None


class ListedRooms(msgspec.Struct, frozen=True, kw_only=True):
    """Some rooms, in alphabetical order. The next page begins after `after`; None: this is the last one.

    Not `complete`: a node or the archive did not answer in time, so rooms may be missing.
    """

    rooms: tuple[ListedRoom, ...]
    after: str | None
    complete: bool


class UserRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room that the user has joined: up to where it is read, and how many messages of others follow.

    `mentions` is the number of those that mention the user. Both are 100 if there are as many or more. `at`
    is when the last entry was sent, in ms since 1970.
    """

    name: str
    read: Position
    unread: int
    mentions: int = 0
    at: int | None


class UserRooms(msgspec.Struct, frozen=True, kw_only=True):
    """Some rooms of the user, in alphabetical order. The next page begins after `after`; None: no more."""

    rooms: tuple[UserRoom, ...]
    after: str | None
