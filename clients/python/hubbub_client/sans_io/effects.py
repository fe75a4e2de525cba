"""The effects of the state machine: one frozen class for each effect of the specification, §10."""

from dataclasses import dataclass

from hubbub_client.sans_io.status import Status
from hubbub_protocol import commands, events


@dataclass(frozen=True, slots=True)
class RequestToken:
    """Call the token hook."""


@dataclass(frozen=True, slots=True)
class OpenSocket:
    """Open a socket; `booked`: with a reservation (CL4)."""

    booked: bool = False


@dataclass(frozen=True, slots=True)
class SendCommand:
    """Send this command."""

    command: commands.Command


@dataclass(frozen=True, slots=True)
class ShutSocket:
    """Close the socket and ignore it from now on: its `SocketLost` is not reported."""

    code: int


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The status changed."""

    status: Status


@dataclass(frozen=True, slots=True)
class RoomJoined:
    """The room is live and continues after a position; unless `recovered`, not after the last one shown."""

    room: str
    recovered: bool
    behind: commands.Since


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message, in order, once."""

    room: str
    message: events.Message


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A change, in order, once; and its message as it is shown now, if the view has it."""

    room: str
    change: events.Change
    message: events.Message | None


@dataclass(frozen=True, slots=True)
class GapDetected:
    """Messages between the last one and the next are lost."""

    room: str


@dataclass(frozen=True, slots=True)
class MessageStored:
    """An own message or change is stored at this position."""

    room: str
    key: str
    epoch: str
    offset: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class MessageFailed:
    """An own message or change was rejected permanently."""

    room: str
    key: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class HistoryLoaded:
    """A page of history, oldest first; `more` unless this is the beginning."""

    room: str
    messages: tuple[events.Message, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Hits of a search, newest first, and the place at which the next page begins."""

    hits: tuple[events.Hit, ...]
    more: str | None


@dataclass(frozen=True, slots=True)
class SearchAnswered:
    """A page of a search; None if it could not be read."""

    room: str
    query: str
    before: str
    page: SearchPage | None


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """The users who joined and left."""

    room: str
    count: int
    joined: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypingChanged:
    """All users who are shown as typing, longest first."""

    room: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MembersLoaded:
    """A page of names; None if it could not be read."""

    room: str
    members: events.Members | None


@dataclass(frozen=True, slots=True)
class JoinRefused:
    """The room cannot be joined."""

    room: str
    code: str
    message: str


RoomEffect = (
    RoomJoined | MessageReceived | MessageChanged | GapDetected | MessageStored | MessageFailed
    | HistoryLoaded | SearchAnswered | PresenceChanged | TypingChanged | MembersLoaded | JoinRefused
)  # fmt: skip
Effect = RequestToken | OpenSocket | SendCommand | ShutSocket | StatusChanged | RoomEffect
