"""The stored forms of a message and of a change, and the events that are made of them.

The payload that a broker stores is the JSON of a `MessagePayload` or a `ChangePayload`. An event is that
payload with the room and the position inserted at its beginning. So a node encodes an entry once, for any
number of members.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from archive.search import FoundEntry
from brokers.base import Entry
from hubbub_protocol import ProtocolError, decode_event, encode, events
from hubbub_protocol.folding import ChangeKind, fold


class MessagePayload(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One message as a broker stores it. `at` is in ms since 1970, `reply_to` the offset of a message.

    `event`: what the message reports, if no user wrote it.
    `thread` is the offset of the root of its thread, if that is another one.

    `user`, `user_id` and `kind` are the author's display name at that time, stable id, and kind of user;
    `mentions` are the ids of the users whom the text mentions (SN11).
    """

    key: str
    user: str
    user_id: str
    kind: str
    text: str
    at: int
    reply_to: int | None = None
    thread: int | None = None
    mentions: list[str] | None = None
    event: str | None = None
    files: list[events.File] | None = None


class ChangePayload(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One change of a message as a broker stores it. Its first field distinguishes it from a message."""

    change: ChangeKind
    target: int
    key: str
    user: str
    user_id: str
    kind: str
    at: int
    text: str | None = None
    emoji: str | None = None
    mentions: list[str] | None = None


class _FileId(msgspec.Struct, frozen=True, gc=False):
    id: str


class Stored(msgspec.Struct, frozen=True, gc=False):
    """What is read of any stored entry."""

    at: int = 0
    change: str | None = None
    target: int = 0
    user_id: str | None = None
    text: str | None = None
    emoji: str | None = None
    files: tuple[_FileId, ...] = ()

    @property
    def is_erased(self) -> bool:
        """Whether the entry stands for one that was erased."""
        return self.change is not None and not self.target


class _At(msgspec.Struct, frozen=True, gc=False):
    at: int


class StoredAuthor(msgspec.Struct, frozen=True, gc=False):
    """The author of a stored message. Messages of older versions have neither an id nor a kind."""

    user: str
    user_id: str | None = None
    kind: str | None = None


class _Edit(msgspec.Struct, frozen=True, gc=False):
    text: str
    at: int
    mentions: list[str] | None = None


class _Mentions(msgspec.Struct, frozen=True, gc=False):
    mentions: list[str]


class _Reply(msgspec.Struct, frozen=True, gc=False):
    reply_to: int
    thread: int | None = None


class _Text(msgspec.Struct, frozen=True, gc=False):
    text: str = ""


# Only what mentions users has this: the quotes in a text are escaped.
_HAS_MENTIONS: Final = b'"mentions":['
_IS_REPLY: Final = b'"reply_to":'
# How the payload of a change begins.
CHANGE_START: Final = b'{"change":'
_MESSAGE_EVENT: Final = b'{"type":"message","room":%b,"offset":%d,"prev":%d,%b'
_CHANGE_EVENT: Final = b'{"type":"change","room":%b,"offset":%d,"prev":%d,%b'
# The room in the events that a node decodes for itself.
_NO_ROOM: Final = b'""'

_encoder: Final = msgspec.json.Encoder()
# The encoder's own method, because a call around it costs as much as the work. They encode: a message or a
# change to the payload that a broker stores; the name of a room, once for each room; a part of an event.
encode_stored: Final[Callable[[MessagePayload | ChangePayload], bytes]] = _encoder.encode
encode_name: Final[Callable[[str], bytes]] = _encoder.encode
encode_value: Final[Callable[[msgspec.Struct], bytes]] = _encoder.encode
_text: Final = msgspec.json.Decoder(_Text)
_mentions: Final = msgspec.json.Decoder(_Mentions)
_reply: Final = msgspec.json.Decoder(_Reply)
_author: Final = msgspec.json.Decoder(StoredAuthor)
_at: Final = msgspec.json.Decoder(_At)
_edit: Final = msgspec.json.Decoder(_Edit)
_change: Final = msgspec.json.Decoder(ChangePayload)
_string: Final = msgspec.json.Decoder(str)
_stored: Final = msgspec.json.Decoder(Stored)

# Stands for an entry that was erased: a deletion of no message, by no user, which clients ignore (CG9).
ERASED_PAYLOAD: Final = _encoder.encode(ChangePayload(ChangeKind.DELETE, 0, "", "", "", "", 0))


def is_change(entry: Entry) -> bool:
    """Return whether an entry is a change, and not a message."""
    return entry.payload.startswith(CHANGE_START)


def entry_event(room: bytes, entry: Entry) -> bytes:
    """Splice an entry's position into its payload; `room` is the name as JSON."""
    template = _CHANGE_EVENT if entry.payload.startswith(CHANGE_START) else _MESSAGE_EVENT
    return template % (room, entry.offset, entry.prev, entry.payload[1:])


def plain_event(_room: bytes, entry: Entry) -> bytes:
    """Encode only the text of an entry, as a JSON string, for the plain codec (PL3).

    An edit begins with an asterisk. What has no text, as other changes and deleted messages, has no event.
    """
    text = _text.decode(entry.payload).text
    if not text:
        return b""
    return _encoder.encode(f"* {text}" if entry.payload.startswith(CHANGE_START) else text)


def decode_message(entry: Entry) -> events.Message | None:
    """Decode a message, without the name of its room; None if the entry is none."""
    event = _decode(entry)
    return event if isinstance(event, events.Message) else None


def decode_change(entry: Entry) -> events.Change | None:
    """Decode a change, without the name of its room; None if the entry is none."""
    if not entry.payload.startswith(CHANGE_START):
        return None
    event = _decode(entry)
    return event if isinstance(event, events.Change) else None


def fold_entry(entry: Entry, changes: Iterable[events.Change]) -> Entry:
    """Return the entry of a message with its changes folded into it (CG6)."""
    message = decode_message(entry)
    if message is None:
        return entry
    start = len(_MESSAGE_EVENT % (_NO_ROOM, entry.offset, entry.prev, b""))
    return _with_payload(entry, b"{" + encode(fold(message, changes))[start:])


def without_text(entry: Entry) -> Entry:
    """Return the entry of an edit without its text, because the message was deleted (CG3)."""
    if not is_change(entry):
        return entry
    change = _change.decode(entry.payload)
    return _with_payload(entry, encode_stored(msgspec.structs.replace(change, text=None, mentions=None)))


def _decode(entry: Entry) -> events.Event | None:
    try:
        return decode_event(entry_event(_NO_ROOM, entry))
    except ProtocolError:
        return None


def _with_payload(entry: Entry, payload: bytes) -> Entry:
    return Entry(entry.room, entry.epoch, entry.prev, entry.offset, payload)


def current_payload(hit: FoundEntry) -> bytes:
    """Return the payload of a message that was found, with its current text and the time of its last edit."""
    if hit.edit is None:
        return hit.entry.payload
    edit = _edit.decode(hit.edit.payload)
    stored: dict[str, object] = msgspec.json.decode(hit.entry.payload)
    stored |= {"text": edit.text, "edited": edit.at, "mentions": edit.mentions}
    return _encoder.encode({name: value for name, value in stored.items() if value is not None})


def decode_plain(text: str) -> str:
    """Decode a frame of the plain codec: a JSON string is decoded, any other text is unchanged (PL2)."""
    if text.startswith('"'):
        try:
            return _string.decode(text)
        except msgspec.DecodeError:
            return text
    return text


def read_stored(payload: bytes) -> Stored | None:
    """Read a stored entry; None if it is neither a message nor a change."""
    try:
        return _stored.decode(payload)
    except msgspec.DecodeError:
        return None


def stored_author(payload: bytes) -> StoredAuthor | None:
    """Return the author of a message; of what is no message, None."""
    try:
        return _author.decode(payload)
    except msgspec.DecodeError:
        return None


def stored_mentions(payload: bytes) -> Sequence[str]:
    """Return the ids of the users whom a stored message mentions, before any change."""
    return _mentions.decode(payload).mentions if _HAS_MENTIONS in payload else ()


def stored_root(payload: bytes) -> int | None:
    """Return the offset of the root of the thread that a message replies in; None if it is no reply."""
    if _IS_REPLY not in payload:
        return None
    try:
        reply = _reply.decode(payload)
    except msgspec.DecodeError:
        return None
    return reply.reply_to if reply.thread is None else reply.thread


def with_replies(entry: Entry, count: int, last: int) -> Entry:
    """Return the entry of a message with the number of replies, and the offset of the last one (TH3)."""
    if not count:
        return entry
    return _with_payload(entry, b'%b,"replies":{"count":%d,"last":%d}}' % (entry.payload[:-1], count, last))


def sent_at(payload: bytes) -> int:
    """Return when a message was sent, in ms since 1970. An unreadable payload counts as never too old."""
    try:
        return _at.decode(payload).at
    except msgspec.DecodeError:
        return sys.maxsize
