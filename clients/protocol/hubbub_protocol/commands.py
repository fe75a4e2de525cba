"""The commands that a client sends: one frozen struct for each command of the specification, §2."""

from typing import Annotated

import msgspec

MAX_ID = 2**53 - 1
MAX_TOKEN_CHARACTERS = 8192
# A name has at most 200 bytes, and a place in a list may have one character more.
MAX_ROOM_CHARACTERS = 201

Id = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]
Offset = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]
# The offset of a message.
Target = Annotated[int, msgspec.Meta(ge=1, le=MAX_ID)]
Epoch = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Emoji = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Key = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
PageLimit = Annotated[int, msgspec.Meta(ge=1, le=200)]
JoinLimit = Annotated[int, msgspec.Meta(ge=0, le=200)]
HitsLimit = Annotated[int, msgspec.Meta(ge=1, le=50)]
Query = Annotated[str, msgspec.Meta(max_length=500)]
Place = Annotated[str, msgspec.Meta(max_length=100)]
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TOKEN_CHARACTERS)]
# The id of an uploaded file.
FileId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
FileIds = Annotated[list[FileId], msgspec.Meta(min_length=1, max_length=4)]
# A name of a room, or a part of one.
RoomPart = Annotated[str, msgspec.Meta(max_length=MAX_ROOM_CHARACTERS)]
NamesLimit = Annotated[int, msgspec.Meta(ge=1, le=500)]


class Since(msgspec.Struct, frozen=True, gc=False):
    """A position in a room: the client has received everything up to it."""

    epoch: Epoch
    offset: Offset


class Hello(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="hello", omit_defaults=True):
    """Authenticate; the first command of a connection (CN1)."""

    id: Id
    token: Token | None = None
    name: str | None = None
    session: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    client: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    listener: bool = False


class Join(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="join", omit_defaults=True):
    """Join a room, and recover the messages after a position."""

    id: Id
    room: str
    since: Since | None = None
    limit: JoinLimit = 50


class Leave(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="leave"):
    """Leave a room."""

    id: Id
    room: str


class Send(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="send", omit_defaults=True):
    """Store a message once; `key` is the idempotency key, `files` are uploaded files (FL2)."""

    id: Id
    room: str
    text: str
    key: Key | None = None
    reply_to: Target | None = None
    files: FileIds | None = None


class Upload(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="upload", omit_defaults=True):
    """Ask for a ticket to upload a file of so many bytes (FL1). `media` is its media type."""

    id: Id
    room: str
    name: Annotated[str, msgspec.Meta(max_length=1000)]
    size: Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]
    media: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class Edit(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="edit", omit_defaults=True):
    """Replace the text of an own message (CG2). `epoch` is that of the message, as the client knows it."""

    id: Id
    room: str
    target: Target
    text: str
    epoch: Epoch | None = None
    key: Key | None = None


class Delete(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="delete", omit_defaults=True):
    """Delete an own message (CG3)."""

    id: Id
    room: str
    target: Target
    epoch: Epoch | None = None
    key: Key | None = None


class React(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="react", omit_defaults=True):
    """React to a message with an emoji (CG4)."""

    id: Id
    room: str
    target: Target
    emoji: Emoji
    epoch: Epoch | None = None
    key: Key | None = None


class Unreact(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="unreact", omit_defaults=True):
    """Take back a reaction (CG4)."""

    id: Id
    room: str
    target: Target
    emoji: Emoji
    epoch: Epoch | None = None
    key: Key | None = None


class History(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="history", omit_defaults=True):
    """Read the messages before an offset; with `thread`, those in the thread of a root (TH2)."""

    id: Id
    room: str
    before: Offset
    limit: PageLimit = 50
    thread: Target | None = None


class Search(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="search", omit_defaults=True):
    """Find messages of a room; `before` continues behind the hits of the last reply (SR1)."""

    id: Id
    room: str
    query: Query
    before: Place = ""
    limit: HitsLimit = 20


class Directory(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="directory", omit_defaults=True):
    """Read the rooms that the user may read, in alphabetical order, after `after` (DR1)."""

    id: Id
    prefix: RoomPart = ""
    after: RoomPart = ""
    limit: PageLimit = 50


class Read(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="read", omit_defaults=True):
    """Move the user's read mark of a room forward (RD1). `epoch` is that of the offset."""

    id: Id
    room: str
    offset: Offset
    epoch: Epoch | None = None


class ListOwnRooms(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="rooms", omit_defaults=True):
    """Read the user's rooms, in alphabetical order, after `after` (RD4)."""

    id: Id
    after: RoomPart = ""
    limit: PageLimit = 50


class Typing(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="typing"):
    """Report that the user is typing; the only command without a reply."""

    room: str


class SetTopic(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="topic"):
    """Set the topic of a room, as a moderator; an empty text removes it (TP2)."""

    id: Id
    room: str
    text: str


class Who(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="who", omit_defaults=True):
    """Read the names of a room's members, in alphabetical order, after `after`."""

    id: Id
    room: str
    after: str = ""
    limit: NamesLimit = 100


class Away(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="away"):
    """Report that the user of this connection is away, or here again (PR6)."""

    id: Id
    away: bool


class Refresh(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="refresh"):
    """Replace the token of this connection."""

    id: Id
    token: Token


Change = Edit | Delete | React | Unreact
Command = (
    Hello
    | Join
    | Leave
    | Send
    | Upload
    | Change
    | History
    | Search
    | Directory
    | Read
    | ListOwnRooms
    | SetTopic
    | Typing
    | Away
    | Who
    | Refresh
)
