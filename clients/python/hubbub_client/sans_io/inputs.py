"""The inputs of the state machine: one frozen class for each input of the specification, §10."""

from dataclasses import dataclass

from hubbub_client.sans_io.outbox import OwnChange
from hubbub_protocol.commands import Since
from hubbub_protocol.events import Event


@dataclass(frozen=True, slots=True)
class ConnectRequested:
    """The application connects."""


@dataclass(frozen=True, slots=True)
class CloseRequested:
    """The application closes the client."""


@dataclass(frozen=True, slots=True)
class SocketOpened:
    """The socket opened."""


@dataclass(frozen=True, slots=True)
class SocketLost:
    """The socket was lost, or did not open. The code is 1006 without a close frame."""

    code: int


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """An event was received; None if its type is unknown, which is still a heartbeat (FR3)."""

    event: Event | None


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """The deadline was reached."""


@dataclass(frozen=True, slots=True)
class NetworkLost:
    """The network was lost."""


@dataclass(frozen=True, slots=True)
class NetworkRestored:
    """The network is back."""


@dataclass(frozen=True, slots=True)
class RetryRequested:
    """The user asked to reconnect now."""


@dataclass(frozen=True, slots=True)
class TokenReceived:
    """The token hook returned a token."""

    token: str


@dataclass(frozen=True, slots=True)
class TokenUnavailable:
    """The token hook failed; permanently if `final`."""

    final: bool


@dataclass(frozen=True, slots=True)
class JoinRequested:
    """Join a room. `since` is a position that the application stored."""

    room: str
    since: Since | None = None


@dataclass(frozen=True, slots=True)
class LeaveRequested:
    """Leave a room."""

    room: str


@dataclass(frozen=True, slots=True)
class SendRequested:
    """Send a message with this idempotency key."""

    room: str
    key: str
    text: str
    reply_to: Since | None = None


@dataclass(frozen=True, slots=True)
class ChangeRequested:
    """Change a message, with this idempotency key."""

    room: str
    key: str
    change: OwnChange


@dataclass(frozen=True, slots=True)
class ResendRequested:
    """Send a failed message again."""

    room: str
    key: str


@dataclass(frozen=True, slots=True)
class DiscardRequested:
    """Drop a failed message."""

    room: str
    key: str


@dataclass(frozen=True, slots=True)
class OlderRequested:
    """Read a page of history."""

    room: str


@dataclass(frozen=True, slots=True)
class SearchRequested:
    """Find messages; `before` is where the last page said that the next one begins, or empty."""

    room: str
    query: str
    before: str


@dataclass(frozen=True, slots=True)
class MembersRequested:
    """Read a page of names, after the name `after`."""

    room: str
    after: str


@dataclass(frozen=True, slots=True)
class UserTyping:
    """The user is typing."""

    room: str


@dataclass(frozen=True, slots=True)
class RewindRequested:
    """Report everything after this position again: the I/O layer dropped it (TL16)."""

    room: str
    to: Since


InRoom = (
    LeaveRequested | RewindRequested | SendRequested | ChangeRequested | ResendRequested
    | DiscardRequested | OlderRequested | MembersRequested | UserTyping
)  # fmt: skip
RoomInput = JoinRequested | SearchRequested | InRoom
Application = ConnectRequested | CloseRequested | NetworkLost | NetworkRestored | RetryRequested
Input = (
    Application | SocketOpened | SocketLost | FrameReceived | DeadlineReached | TokenReceived
    | TokenUnavailable | RoomInput
)  # fmt: skip
