"""The events about the members of a room: who they are, who is away, who is typing."""

import msgspec


class Members(msgspec.Struct, frozen=True, omit_defaults=True):
    """The number of users in a room, and the first names in alphabetical order.

    `away` are those of the names whose users are away (PR6); missing if there are none.
    """

    count: int
    names: list[str]
    more: bool
    away: list[str] | None = None


class MembersPage(msgspec.Struct, frozen=True, tag_field="type", tag="members", omit_defaults=True):
    """The reply to `who`; `away` as in `Members`."""

    id: int
    room: str
    count: int
    names: list[str]
    more: bool
    away: list[str] | None = None


class AwaySet(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="away"):
    """The reply to `away`: the state of this connection."""

    id: int
    away: bool


class Presence(msgspec.Struct, frozen=True, tag_field="type", tag="presence", omit_defaults=True):
    """The users who joined and left since the last presence event, and the number of users now.

    `away` and `back` are those who became away, and who are here again (PR6); missing if there are none.
    """

    room: str
    count: int
    joined: list[str]
    left: list[str]
    away: list[str] | None = None
    back: list[str] | None = None


class TypingNow(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="typing"):
    """A user of the room is typing."""

    room: str
    user: str
