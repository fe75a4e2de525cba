"""The bodies of HTTP answers."""

from __future__ import annotations

from typing import Final

import msgspec


class Health(msgspec.Struct, frozen=True):
    """How a node is."""

    status: str
    version: str
    broker: str
    node: str


class Posted(msgspec.Struct, frozen=True):
    """Where a posted message is stored."""

    room: str
    epoch: str
    offset: int
    duplicate: bool


class RoomInfo(msgspec.Struct, frozen=True):
    """A room that is open on this node."""

    room: str
    members: int


class RoomList(msgspec.Struct, frozen=True):
    """The rooms that are open on this node."""

    rooms: list[RoomInfo]


class MemberList(msgspec.Struct, frozen=True):
    """The users in a room."""

    room: str
    count: int
    names: list[str]
    more: bool


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused."""

    code: str
    message: str


class Post(msgspec.Struct, frozen=True):
    """What a program posts: a text, a key to store it once, and the name it goes by."""

    text: str
    key: str | None = None
    user: str = "bot"


_encoder: Final = msgspec.json.Encoder()
_post: Final = msgspec.json.Decoder(Post)


def encode_value(value: msgspec.Struct) -> bytes:
    """Write a body."""
    return _encoder.encode(value)


def read_post(body: bytes) -> Post:
    """Read what is posted.

    Raises:
        ValueError: it's not what is expected; the message says what is wrong.
    """
    try:
        return _post.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
