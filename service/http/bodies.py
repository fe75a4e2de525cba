"""What HTTP requests hold, and the answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from sanic import HTTPResponse
from sanic.response import raw

from hubbub_protocol.commands import Key
from service.wire.messages import encode_value

JSON: Final = "application/json"
# What is read may be asked for without its body too (RFC 9110, 9.3.2).
READ: Final = ("GET", "HEAD")


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a node is; `workers` tells of each, where there are several behind the port."""

    status: str
    version: str
    commit: str
    broker: str
    node: str
    workers: dict[int, str] = {}


class Posted(msgspec.Struct, frozen=True):
    """Where a posted message is stored."""

    room: str
    epoch: str
    offset: int
    duplicate: bool


class RoomInfo(msgspec.Struct, frozen=True):
    """A room that is open on some node, and how many users are in it on all of them."""

    room: str
    members: int


class RoomList(msgspec.Struct, frozen=True):
    """Rooms that are open on some node; `complete` unless a node didn't answer in time."""

    rooms: list[RoomInfo]
    more: bool
    complete: bool


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
    key: Key | None = None
    user: str = "bot"


_post: Final = msgspec.json.Decoder(Post)


def answer(
    body: msgspec.Struct, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> HTTPResponse:
    """Answer with a body in JSON."""
    return raw(encode_value(body), status=status, headers=dict(headers or {}), content_type=JSON)


def read_post(body: bytes) -> Post:
    """Read what is posted.

    Raises:
        ValueError: it's not what is expected; the message says what is wrong.
    """
    try:
        return _post.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
