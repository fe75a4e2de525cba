"""What the core is told: one frozen class for each input of the specification, §10."""

from dataclasses import dataclass

from hubbub_protocol.commands import Since
from hubbub_protocol.events import Event


@dataclass(frozen=True, slots=True)
class Connect:
    """The application wants to be connected."""


@dataclass(frozen=True, slots=True)
class Close:
    """The application wants to be connected no longer."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The socket opened."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The socket is gone, or did not open. 1006 if it went without a close."""

    code: int


@dataclass(frozen=True, slots=True)
class Frame:
    """An event came; None is one that is not understood: a sign of life all the same (FR3)."""

    event: Event | None


@dataclass(frozen=True, slots=True)
class Tick:
    """The deadline has come."""


@dataclass(frozen=True, slots=True)
class Offline:
    """The network went."""


@dataclass(frozen=True, slots=True)
class Online:
    """The network came."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Somebody doesn't want to wait."""


@dataclass(frozen=True, slots=True)
class Token:
    """The token hook answered."""

    token: str


@dataclass(frozen=True, slots=True)
class NoToken:
    """The token hook failed; for good if `final`."""

    final: bool


@dataclass(frozen=True, slots=True)
class Join:
    """Be in a room. `since` is what the application has from earlier."""

    room: str
    since: Since | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Be in a room no longer."""

    room: str


@dataclass(frozen=True, slots=True)
class Send:
    """Say something, once, under this key."""

    room: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Resend:
    """Try a failed message again."""

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
    """Read a page of names, behind the name `after`."""

    room: str
    after: str


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody types."""

    room: str


@dataclass(frozen=True, slots=True)
class Rewind:
    """The shell dropped what it was told behind this position: have it told again (TL16)."""

    room: str
    to: Since


InRoom = Leave | Rewind | Send | Resend | Discard | Older | Who | Typing
RoomInput = Join | InRoom
Application = Connect | Close | Offline | Online | Retry
Input = Application | Opened | Lost | Frame | Tick | Token | NoToken | RoomInput
