"""The inputs of the state machine: one frozen class for each input of the specification, §10."""

import msgspec

from hubbub_client.sans_io.outbox import OwnChange
from hubbub_protocol.commands import Since
from hubbub_protocol.events import Event, File


class ConnectRequested(msgspec.Struct, frozen=True):
    """The application connects."""


class CloseRequested(msgspec.Struct, frozen=True):
    """The application closes the client."""


class SocketOpened(msgspec.Struct, frozen=True):
    """The socket opened."""


class SocketLost(msgspec.Struct, frozen=True):
    """The socket was lost, or did not open. The code is 1006 without a close frame."""

    code: int


class FrameReceived(msgspec.Struct, frozen=True):
    """An event was received; None if its type is unknown, which is still a heartbeat (FR3)."""

    event: Event | None


class DeadlineReached(msgspec.Struct, frozen=True):
    """The deadline was reached."""


class NetworkLost(msgspec.Struct, frozen=True):
    """The network was lost."""


class NetworkRestored(msgspec.Struct, frozen=True):
    """The network is back."""


class RetryRequested(msgspec.Struct, frozen=True):
    """The user asked to reconnect now."""


class TokenReceived(msgspec.Struct, frozen=True):
    """The token hook returned a token."""

    token: str


class TokenUnavailable(msgspec.Struct, frozen=True):
    """The token hook failed; permanently if `final`."""

    final: bool


class AwayChanged(msgspec.Struct, frozen=True):
    """The user is away, or here again (PS4)."""

    away: bool


class JoinRequested(msgspec.Struct, frozen=True):
    """Join a room. `since` is a position that the application stored."""

    room: str
    since: Since | None = None


class LeaveRequested(msgspec.Struct, frozen=True):
    """Leave a room."""

    room: str


class SendRequested(msgspec.Struct, frozen=True):
    """Send a message with this idempotency key. `age`: how long ago an earlier run wrote it, in ms."""

    room: str
    key: str
    text: str
    reply_to: Since | None = None
    age: int | None = None
    files: tuple[File, ...] = ()


class ChangeRequested(msgspec.Struct, frozen=True):
    """Change a message, with this idempotency key."""

    room: str
    key: str
    change: OwnChange


class ResendRequested(msgspec.Struct, frozen=True):
    """Send a failed message again."""

    room: str
    key: str


class DiscardRequested(msgspec.Struct, frozen=True):
    """Drop a failed message."""

    room: str
    key: str


class OlderRequested(msgspec.Struct, frozen=True):
    """Read a page of history."""

    room: str


class SearchRequested(msgspec.Struct, frozen=True):
    """Find messages; `before` is where the last page said that the next one begins, or empty."""

    room: str
    query: str
    before: str


class ThreadRequested(msgspec.Struct, frozen=True):
    """Read messages of a thread before an offset; None: the last ones."""

    room: str
    root: int
    before: int | None


class TopicRequested(msgspec.Struct, frozen=True):
    """Set the topic of a room; an empty text removes it (TP2)."""

    room: str
    text: str


class UploadRequested(msgspec.Struct, frozen=True):
    """Ask for a ticket to upload a file; `media` is its media type, or empty."""

    room: str
    name: str
    size: int
    media: str


class DirectoryRequested(msgspec.Struct, frozen=True):
    """Read a page of the directory: rooms that begin with `prefix`, after `after`."""

    prefix: str
    after: str


class OwnRoomsRequested(msgspec.Struct, frozen=True):
    """Read a page of the user's rooms, after `after`."""

    after: str


class ReadRequested(msgspec.Struct, frozen=True):
    """The user has read a room up to an offset of its epoch."""

    room: str
    offset: int


class MembersRequested(msgspec.Struct, frozen=True):
    """Read a page of names, after the name `after`."""

    room: str
    after: str


class UserTyping(msgspec.Struct, frozen=True):
    """The user is typing."""

    room: str


class RewindRequested(msgspec.Struct, frozen=True):
    """Report everything after this position again: the I/O layer dropped it (TL16)."""

    room: str
    to: Since


InRoom = (
    LeaveRequested | RewindRequested | SendRequested | ChangeRequested | ResendRequested
    | DiscardRequested | OlderRequested | MembersRequested | UserTyping
)  # fmt: skip
RoomInput = (
    JoinRequested | SearchRequested | ThreadRequested | TopicRequested | UploadRequested | ReadRequested
    | InRoom
)  # fmt: skip
ListInput = DirectoryRequested | OwnRoomsRequested
# Inputs that are of no room, and need a connection.
ClientInput = ListInput | AwayChanged
Application = ConnectRequested | CloseRequested | NetworkLost | NetworkRestored | RetryRequested
Input = (
    Application | SocketOpened | SocketLost | FrameReceived | DeadlineReached | TokenReceived
    | TokenUnavailable | RoomInput | ClientInput
)  # fmt: skip
