"""What a room tells: frozen, and to be told apart with `match`."""

from dataclasses import dataclass

from hubbub_protocol.commands import Since

# An epoch and an offset: where a message is, or what one has come to.
Position = Since


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Somebody said something. `at` is ms since 1970; `key` is that of the one who sent it."""

    room: str
    position: Position
    key: str
    user: str
    text: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The room is live. Messages go on behind `position`; unless `recovered`, not from where they were."""

    room: str
    position: Position
    recovered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Messages between the last one and the next are lost."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lagged:
    """You read too slowly, and what didn't fit into your queue was dropped. It comes again behind this."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Who came and who went; in a large room only how many are there."""

    room: str
    count: int
    joined: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """All who are typing now, the one who does so for longest first."""

    room: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An own message is stored."""

    room: str
    key: str
    position: Position
    duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An own message was refused for good. It can be sent again (`resend`) or dropped (`discard`)."""

    room: str
    key: str
    code: str
    message: str


Event = Message | Joined | Gap | Lagged | Presence | Typing | Sent | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Where an own message is stored, for good. `duplicate`: an earlier attempt had stored it."""

    key: str
    position: Position
    duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Messages of earlier, oldest first. Unless `more`, the first one is the room's first."""

    messages: tuple[Message, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberNames:
    """Some of the names in a room, by alphabet. `more`: ask behind the last one."""

    count: int
    names: tuple[str, ...]
    more: bool
