"""The bodies of HTTP requests and responses."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
from sanic import HTTPResponse
from sanic.response import raw

from hubbub_protocol.commands import Epoch, FileIds, Key, Target
from hubbub_protocol.events import RoomInfo
from service.wire.messages import encode_value

T = TypeVar("T")

JSON: Final = "application/json"
# Each GET route supports HEAD (RFC 9110, 9.3.2).
READ: Final = ("GET", "HEAD")


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of a node, and what it is, for operators.

    `workers` has the state of each worker, if several share the port.
    """

    status: str
    version: str = ""
    commit: str = ""
    broker: str = ""
    node: str = ""
    workers: dict[int, str] = {}


class Posted(msgspec.Struct, frozen=True):
    """The position of a posted message."""

    room: str
    epoch: str
    offset: int
    duplicate: bool


class RoomList(msgspec.Struct, frozen=True, omit_defaults=True):
    """Rooms. Not `complete` if a node, or the archive, did not answer. The next page begins after `after`."""

    rooms: list[RoomInfo]
    more: bool
    complete: bool
    after: str | None = None


class RoomMembers(msgspec.Struct, frozen=True):
    """The users in a room, and those of the names whose users are away (PR6)."""

    room: str
    count: int
    names: list[str]
    more: bool
    away: list[str]


class Problem(msgspec.Struct, frozen=True):
    """The reason why a request failed."""

    code: str
    message: str


class Post(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message to post: text, idempotency key, name of its user, what it replies to, and files."""

    text: str = ""
    key: Key | None = None
    user: str = "bot"
    reply_to: Target | None = None
    files: FileIds | None = None


class EditedText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The new text of a message, an idempotency key, and the name of the user."""

    text: str
    key: Key | None = None
    user: str = "bot"
    epoch: Epoch | None = None


_post: Final = msgspec.json.Decoder(Post)
_edit: Final = msgspec.json.Decoder(EditedText)


def json_response(
    body: msgspec.Struct, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> HTTPResponse:
    """Make a response with a body in JSON."""
    return raw(encode_value(body), status=status, headers=dict(headers or {}), content_type=JSON)


def decode_post(body: bytes) -> Post:
    """Decode the body of a post.

    Raises:
        ValueError: the body is invalid; the message says why.
    """
    return decode_body(_post, body)


def decode_edit(body: bytes) -> EditedText:
    """Decode the body of an edit. Raises as `decode_post`."""
    return decode_body(_edit, body)


def decode_body(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Decode the body of a request.

    Raises:
        ValueError: the body is invalid; the message says why.
    """
    try:
        return decoder.decode(body)
    except RecursionError:
        raise ValueError("Invalid body: it is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"Invalid body: {error}.") from None
