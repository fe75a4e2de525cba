"""The stored form of a message, and the events that are made of it.

The payload that a broker stores is the JSON of a `MessagePayload`. An event is that payload with the room and
the position inserted at its beginning. So a node encodes a message once, for any number of members.
"""

from __future__ import annotations

import sys
from typing import Final

import msgspec

from archive.search import FoundEntry
from brokers.base import Entry


class MessagePayload(msgspec.Struct, frozen=True, gc=False):
    """One message as a broker stores it. `at` is in ms since 1970.

    `user`, `user_id` and `kind` are the author's display name at that time, stable id, and kind of user.
    """

    key: str
    user: str
    user_id: str
    kind: str
    text: str
    at: int


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


class _Text(msgspec.Struct, frozen=True, gc=False):
    text: str


_encoder: Final = msgspec.json.Encoder()
_text: Final = msgspec.json.Decoder(_Text)
_author: Final = msgspec.json.Decoder(StoredAuthor)
_at: Final = msgspec.json.Decoder(_At)
_edit: Final = msgspec.json.Decoder(_Edit)
_string: Final = msgspec.json.Decoder(str)


def encode_stored(message: MessagePayload) -> bytes:
    """Encode a message to the payload that a broker stores."""
    return _encoder.encode(message)


def encode_name(room: str) -> bytes:
    """Encode a room's name to JSON, once for each room."""
    return _encoder.encode(room)


def message_event(room: bytes, entry: Entry) -> bytes:
    """Splice an entry's position into its payload; `room` is the name as JSON."""
    position = (entry.offset, entry.prev)
    return b'{"type":"message","room":%b,"offset":%d,"prev":%d,%b' % (room, *position, entry.payload[1:])


def plain_event(_room: bytes, entry: Entry) -> bytes:
    """Encode only the text of an entry, as a JSON string, for the plain codec (PL3)."""
    return _encoder.encode(_text.decode(entry.payload).text)


def current_payload(hit: FoundEntry) -> bytes:
    """Return the payload of a message that was found, with its current text and the time of its last edit."""
    if hit.edit is None:
        return hit.entry.payload
    edit = _edit.decode(hit.edit.payload)
    stored: dict[str, object] = msgspec.json.decode(hit.entry.payload)
    return _encoder.encode({**stored, "text": edit.text, "edited": edit.at})


def encode_value(value: msgspec.Struct) -> bytes:
    """Encode a struct that is part of an event or a response."""
    return _encoder.encode(value)


def decode_plain(text: str) -> str:
    """Decode a frame of the plain codec: a JSON string is decoded, any other text is unchanged (PL2)."""
    if text.startswith('"'):
        try:
            return _string.decode(text)
        except msgspec.DecodeError:
            return text
    return text


def stored_author(payload: bytes) -> StoredAuthor | None:
    """Return the author of a message; of what is no message, None."""
    try:
        return _author.decode(payload)
    except msgspec.DecodeError:
        return None


def sent_at(payload: bytes) -> int:
    """Return when a message was sent, in ms since 1970. An unreadable payload counts as never too old."""
    try:
        return _at.decode(payload).at
    except msgspec.DecodeError:
        return sys.maxsize
