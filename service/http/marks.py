"""The HTTP API: the rooms of a user, and up to where they are read (RD1-RD5)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Final, TypeAlias

import msgspec
from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config

from hubbub_protocol import Code
from hubbub_protocol.commands import Epoch, Offset, Since
from hubbub_protocol.events import OwnRoom
from service.http.access import read_query, require_reader
from service.http.bodies import READ, decode_body, json_response
from service.http.credentials import authenticate
from service.identity.identity import Identity
from service.node import Node
from service.sessions import own_rooms, reading
from service.sessions.errors import CommandError
from service.sessions.room_commands import NAMES_PER_TOKEN

# Rooms of a page.
PAGE: Final = 200


# Rejects a read above the rate of the user.
LimitReads: TypeAlias = Callable[[Node, Identity, float], None]


class ReadUpTo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to where a room was read; `epoch` is that of the offset."""

    offset: Offset
    epoch: Epoch | None = None


class OwnRoomList(msgspec.Struct, frozen=True, omit_defaults=True):
    """Rooms of the user. The next page begins after `after`."""

    rooms: list[OwnRoom]
    more: bool
    after: str | None = None


_decoder: Final = msgspec.json.Decoder(ReadUpTo)


def add_routes(
    app: Sanic[Config, SimpleNamespace],
    node: Node,
    room: str,
    limit_reads: LimitReads,
) -> None:
    """Add the route of the user's rooms, and that of a mark below the path of a room."""
    app.add_route(partial(_rooms, node, limit_reads), "/api/me/rooms", methods=READ, name="own_rooms")
    app.add_route(
        partial(_mark, node, limit_reads), f"{room}/mark", methods=["PUT"], unquote=True, name="mark"
    )


async def _rooms(node: Node, limit_reads: LimitReads, request: Request) -> HTTPResponse:
    """List the rooms of the user, with what is unread."""
    identity = authenticate(node, request)
    after = read_query(request, "after").get("after", "")
    limit_reads(node, identity, PAGE / NAMES_PER_TOKEN)
    page = await own_rooms.find(node, identity, after, PAGE)
    return json_response(OwnRoomList(page.rooms, page.after is not None, page.after))


async def _mark(node: Node, limit_reads: LimitReads, request: Request, *, name: str) -> HTTPResponse:
    """Move the mark of the user in a room forward."""
    identity = require_reader(node, request, name)
    read_query(request)
    try:
        to = decode_body(_decoder, request.body)
    except ValueError as error:
        raise CommandError(Code.INVALID, str(error)) from error
    limit_reads(node, identity, 0)
    async with node.rooms.open(name) as room:
        position = Since(epoch=to.epoch or room.log.epoch, offset=to.offset)
        return json_response(await reading.move(node, identity, room, position))
