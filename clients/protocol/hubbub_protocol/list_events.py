"""The events about rooms as a whole: lists of them, and up to where they are read."""

import msgspec


class ReadMark(msgspec.Struct, frozen=True, gc=False):
    """Up to where the user has read, and how many messages of others follow, up to a bound (RD2).

    `mentions` is the number of those that mention the user.
    """

    epoch: str
    offset: int
    unread: int
    mentions: int = 0


class RoomInfo(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A room of the directory: its users now, the position of its last entry, and when that was sent.

    A room without entries has neither. `at` is missing where the server does not know it.
    """

    room: str
    members: int
    epoch: str | None = None
    offset: int | None = None
    at: int | None = None
    topic: str | None = None


class DirectoryPage(msgspec.Struct, frozen=True, tag_field="type", tag="directory", omit_defaults=True):
    """The reply to `directory` (DR1). The next page begins after `after`.

    Not `complete`: rooms may be missing (DR2).
    """

    id: int
    rooms: list[RoomInfo]
    more: bool
    complete: bool
    after: str | None = None


class Marked(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="marked"):
    """The reply to `read`: where the mark is now (RD1)."""

    id: int
    room: str
    epoch: str
    offset: int
    unread: int
    mentions: int = 0


class MarkMoved(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="mark"):
    """The user's mark moved, on another connection (RD3)."""

    room: str
    epoch: str
    offset: int
    unread: int
    mentions: int = 0


class OwnRoom(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A room of the user: the mark, what is unread, and when the last entry was sent."""

    room: str
    epoch: str
    offset: int
    unread: int
    mentions: int = 0
    at: int | None = None


class OwnRooms(msgspec.Struct, frozen=True, tag_field="type", tag="rooms", omit_defaults=True):
    """The reply to `rooms` (RD4). The next page begins after `after`."""

    id: int
    rooms: list[OwnRoom]
    more: bool
    after: str | None = None
