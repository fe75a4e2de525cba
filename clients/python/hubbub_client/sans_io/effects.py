"""The effects of the state machine: one frozen class for each effect of the specification, §10."""

import msgspec

from hubbub_client.sans_io.status import Status
from hubbub_protocol import commands, events


class RequestToken(msgspec.Struct, frozen=True):
    """Call the token hook."""


class OpenSocket(msgspec.Struct, frozen=True):
    """Open a socket; `booked`: with a reservation (CL4)."""

    booked: bool = False


class SendCommand(msgspec.Struct, frozen=True):
    """Send this command."""

    command: commands.Command


class ShutSocket(msgspec.Struct, frozen=True):
    """Close the socket and ignore it from now on: its `SocketLost` is not reported."""

    code: int


class StatusChanged(msgspec.Struct, frozen=True):
    """The status changed."""

    status: Status


class RoomJoined(msgspec.Struct, frozen=True):
    """The room is live and continues after a position; unless `recovered`, not after the last one shown."""

    room: str
    recovered: bool
    behind: commands.Since


class MessageReceived(msgspec.Struct, frozen=True):
    """A message, in order, once."""

    room: str
    message: events.Message


class MessageChanged(msgspec.Struct, frozen=True):
    """A change, in order, once; and its message as it is shown now, if the view has it."""

    room: str
    change: events.Change
    message: events.Message | None


class GapDetected(msgspec.Struct, frozen=True):
    """Messages between the last one and the next are lost."""

    room: str


class MessageStored(msgspec.Struct, frozen=True):
    """An own message or change is stored at this position."""

    room: str
    key: str
    epoch: str
    offset: int
    duplicate: bool


class MessageFailed(msgspec.Struct, frozen=True):
    """An own message or change was rejected permanently."""

    room: str
    key: str
    code: str
    message: str


class HistoryLoaded(msgspec.Struct, frozen=True):
    """A page of history, oldest first; `more` unless this is the beginning."""

    room: str
    messages: tuple[events.Message, ...]
    more: bool


class SearchPage(msgspec.Struct, frozen=True):
    """Hits of a search, newest first, and the place at which the next page begins."""

    hits: tuple[events.Hit, ...]
    more: str | None


class SearchAnswered(msgspec.Struct, frozen=True):
    """A page of a search, or the code of why there is none (SR4)."""

    room: str
    query: str
    before: str
    page: SearchPage | str


class ThreadMessages(msgspec.Struct, frozen=True):
    """Messages of a thread, oldest first, and the `before` of the page before."""

    messages: tuple[events.Message, ...]
    before: int | None


class ThreadAnswered(msgspec.Struct, frozen=True):
    """A page of a thread, or the code of why there is none (TH4)."""

    room: str
    root: int
    before: int | None
    page: ThreadMessages | str


class TopicAnswered(msgspec.Struct, frozen=True):
    """The position of the message about a topic, or the code of why it was not set (TP5)."""

    room: str
    text: str
    at: commands.Since | str


class UploadTicket(msgspec.Struct, frozen=True):
    """The id of a new file, whose upload must begin within `expires` ms."""

    file: str
    expires: int


class TicketAnswered(msgspec.Struct, frozen=True):
    """A ticket, or the code of why there is none (FL5), with the words of the server."""

    room: str
    name: str
    size: int
    media: str
    ticket: UploadTicket | str
    message: str = ""


class DirectoryListing(msgspec.Struct, frozen=True):
    """Rooms of the directory, and the place after which the next page begins; None on the last page."""

    rooms: tuple[events.RoomInfo, ...]
    after: str | None
    complete: bool


class DirectoryLoaded(msgspec.Struct, frozen=True):
    """A page of the directory; None if it could not be read."""

    prefix: str
    after: str
    page: DirectoryListing | None


class OwnRoomsListing(msgspec.Struct, frozen=True):
    """Rooms of the user, and the place after which the next page begins; None on the last page."""

    rooms: tuple[events.OwnRoom, ...]
    after: str | None


class OwnRoomsLoaded(msgspec.Struct, frozen=True):
    """A page of the user's rooms; None if it could not be read."""

    after: str
    page: OwnRoomsListing | None


class ReadMarkChanged(msgspec.Struct, frozen=True):
    """The user's read mark of a room is here."""

    room: str
    mark: events.ReadMark


class PresenceChanged(msgspec.Struct, frozen=True):
    """The users who joined and left, who became away, and who are here again."""

    room: str
    count: int
    joined: tuple[str, ...]
    left: tuple[str, ...]
    away: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


class TypingChanged(msgspec.Struct, frozen=True):
    """All users who are shown as typing, longest first."""

    room: str
    names: tuple[str, ...]


class MembersLoaded(msgspec.Struct, frozen=True):
    """A page of names; None if it could not be read."""

    room: str
    members: events.Members | None


class JoinRefused(msgspec.Struct, frozen=True):
    """The room cannot be joined."""

    room: str
    code: str
    message: str


RoomEffect = (
    RoomJoined | MessageReceived | MessageChanged | GapDetected | MessageStored | MessageFailed
    | HistoryLoaded | SearchAnswered | ThreadAnswered | TopicAnswered | TicketAnswered | PresenceChanged
    | TypingChanged
    | MembersLoaded | JoinRefused | ReadMarkChanged
)  # fmt: skip
ListEffect = DirectoryLoaded | OwnRoomsLoaded
# What the application receives.
Reported = StatusChanged | RoomEffect | ListEffect
Effect = RequestToken | OpenSocket | SendCommand | ShutSocket | Reported
