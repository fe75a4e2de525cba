"""What a message looks like in a room's history, and how it becomes an event.

The payload that a broker stores is the JSON of a `Stored`. An event is that payload with the room and the
position spliced in front: a node encodes a message once, whatever the number of members (design: "encoded
once per codec and node").
"""

from __future__ import annotations

import sys
from typing import Final

import msgspec

from brokers.base import Entry


class Stored(msgspec.Struct, frozen=True, gc=False):
    """One message as it is stored. `at` is ms since 1970."""

    key: str
    user: str
    text: str
    at: int


class _At(msgspec.Struct, frozen=True, gc=False):
    at: int


class _Text(msgspec.Struct, frozen=True, gc=False):
    text: str


_encoder: Final = msgspec.json.Encoder()
_text: Final = msgspec.json.Decoder(_Text)
_at: Final = msgspec.json.Decoder(_At)
_string: Final = msgspec.json.Decoder(str)


def encode_stored(stored: Stored) -> bytes:
    """Write a message as a broker stores it."""
    return _encoder.encode(stored)


def encode_name(room: str) -> bytes:
    """Write a room's name as JSON, once for each room."""
    return _encoder.encode(room)


def message_event(room: bytes, entry: Entry) -> bytes:
    """Splice an entry's position into its payload; `room` is the name as JSON."""
    position = (entry.offset, entry.prev)
    return b'{"type":"message","room":%b,"offset":%d,"prev":%d,%b' % (room, *position, entry.payload[1:])


def plain_event(_room: bytes, entry: Entry) -> bytes:
    """Give an entry's text alone, as one JSON string: what the plain codec sends (PL3)."""
    return _encoder.encode(_text.decode(entry.payload).text)


def encode_value(value: msgspec.Struct) -> bytes:
    """Write a struct that stands inside an event."""
    return _encoder.encode(value)


def read_plain(text: str) -> str:
    """Read a frame of the plain codec: a JSON string is what it means, anything else what it is (PL2)."""
    if text.startswith('"'):
        try:
            return _string.decode(text)
        except msgspec.DecodeError:
            return text
    return text


def sent_at(payload: bytes) -> int:
    """Tell when a message was sent, in ms since 1970; of what is none, that it's to come."""
    try:
        return _at.decode(payload).at
    except msgspec.DecodeError:
        return sys.maxsize
