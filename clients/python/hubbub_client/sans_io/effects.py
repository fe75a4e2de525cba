"""What the core wants done or told: one frozen class for each effect of the specification, §10."""

from dataclasses import dataclass

from hubbub_client.sans_io.status import Status
from hubbub_protocol import commands, events


@dataclass(frozen=True, slots=True)
class AskToken:
    """Call the token hook."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open a socket; `booked`: at the time that the server told, and saying so (CL4)."""

    booked: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """Write this command."""

    command: commands.Command


@dataclass(frozen=True, slots=True)
class Shut:
    """Close the socket and forget it at once: its loss is not to be told."""

    code: int


@dataclass(frozen=True, slots=True)
class Changed:
    """The status is another."""

    status: Status


@dataclass(frozen=True, slots=True)
class Joined:
    """The room is live and goes on behind a position; unless `recovered`, not that which was shown."""

    room: str
    recovered: bool
    behind: commands.Since


@dataclass(frozen=True, slots=True)
class Said:
    """A message, in order, once."""

    room: str
    message: events.Message


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages between the last one and the next are lost."""

    room: str


@dataclass(frozen=True, slots=True)
class Stored:
    """An own message is stored, here."""

    room: str
    key: str
    epoch: str
    offset: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """An own message was refused for good."""

    room: str
    key: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Older:
    """A page of history, oldest first; `more` unless this is the beginning."""

    room: str
    messages: tuple[events.Message, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Presence:
    """Who came and went."""

    room: str
    count: int
    joined: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Typing:
    """All who are now shown as typing, longest first."""

    room: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NamesPage:
    """A page of names; None if it could not be had."""

    room: str
    members: events.Members | None


@dataclass(frozen=True, slots=True)
class JoinRefused:
    """The room can't be joined."""

    room: str
    code: str
    message: str


RoomEffect = Joined | Said | Gap | Stored | Failed | Older | Presence | Typing | NamesPage | JoinRefused
Effect = AskToken | Open | Write | Shut | Changed | RoomEffect
