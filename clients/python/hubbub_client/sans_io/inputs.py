"""The inputs of the state machine: one frozen class for each input of the specification, §10."""

from dataclasses import dataclass

from hubbub_protocol.commands import Since
from hubbub_protocol.events import Event


@dataclass(frozen=True, slots=True)
class Connect:
    """The application connects."""


@dataclass(frozen=True, slots=True)
class Close:
    """The application closes the client."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The socket opened."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The socket was lost, or did not open. The code is 1006 without a close frame."""

    code: int


@dataclass(frozen=True, slots=True)
class Frame:
    """An event was received; None if its type is unknown, which is still a heartbeat (FR3)."""

    event: Event | None


@dataclass(frozen=True, slots=True)
class Tick:
    """The deadline was reached."""


@dataclass(frozen=True, slots=True)
class Offline:
    """The network was lost."""


@dataclass(frozen=True, slots=True)
class Online:
    """The network is back."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The user asked to reconnect now."""


@dataclass(frozen=True, slots=True)
class Token:
    """The token hook returned a token."""

    token: str


@dataclass(frozen=True, slots=True)
class NoToken:
    """The token hook failed; permanently if `final`."""

    final: bool


@dataclass(frozen=True, slots=True)
class Join:
    """Join a room. `since` is a position that the application stored."""

    room: str
    since: Since | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave a room."""

    room: str


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message with this idempotency key."""

    room: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Resend:
    """Send a failed message again."""

    room: str
    key: str


@dataclass(frozen=True, slots=True)
class Discard:
    """Drop a failed message."""

    room: str
    key: str


@dataclass(frozen=True, slots=True)
class Older:
    """Read a page of history."""

    room: str


@dataclass(frozen=True, slots=True)
class Who:
    """Read a page of names, after the name `after`."""

    room: str
    after: str


@dataclass(frozen=True, slots=True)
class Typing:
    """The user is typing."""

    room: str


@dataclass(frozen=True, slots=True)
class Rewind:
    """Report everything after this position again: the I/O layer dropped it (TL16)."""

    room: str
    to: Since


InRoom = Leave | Rewind | Send | Resend | Discard | Older | Who | Typing
RoomInput = Join | InRoom
Application = Connect | Close | Offline | Online | Retry
Input = Application | Opened | Lost | Frame | Tick | Token | NoToken | RoomInput
