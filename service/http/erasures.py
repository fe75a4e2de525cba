"""The HTTP API of the operator: erase for good, and read how far that is."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from types import SimpleNamespace
from typing import Annotated, Final

import msgspec
from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config

from hubbub_protocol import Code
from service.erasing.eraser import Eraser
from service.erasing.erasures import ErasureRunning, Erasures
from service.erasing.selection import Selection
from service.http.access import check_room
from service.http.bodies import READ, decode_body, json_response
from service.http.moderation import require_operator
from service.node import Node
from service.sessions.errors import CommandError

MAX_MESSAGES: Final = 1_000

_PATH: Final = "/api/erasures"
_MOST: Final = 2**53


class Erase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to erase, and why. `before` is in ms since 1970."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    room: str | None = None
    messages: (
        Annotated[
            tuple[Annotated[int, msgspec.Meta(ge=1, le=_MOST)], ...],
            msgspec.Meta(min_length=1, max_length=MAX_MESSAGES),
        ]
        | None
    ) = None
    user: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None = None
    before: Annotated[int, msgspec.Meta(ge=1, le=_MOST)] | None = None


_erase: Final = msgspec.json.Decoder(Erase)


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node) -> None:
    """Add `/api/erasures`. It needs the API key."""
    archive = None if node.archiving is None else node.archiving.archive
    forget = None if node.archiving is None else partial(_forget, node)
    window = node.settings.log_entries
    files = None if node.files is None else node.files.attachments.remove
    eraser = Eraser(node.broker, archive, node.rooms.names, window, forget=forget, remove_files=files)
    erasures = Erasures(eraser, node.moderation, node.tasks)
    app.add_route(partial(_begin, node, erasures), _PATH, methods=["POST"], name="erase")
    app.add_route(partial(_read, node, erasures), _PATH, methods=READ, name="erasures")


async def _forget(node: Node, user: str, room: str | None) -> None:
    """Remove the read marks of a user, in one room or all; with all of them also where pushes go."""
    if node.archiving is None:
        return
    await node.archiving.marks.forget(user, room)
    if room is None:
        await node.archiving.archive.subscriptions.forget(user)


async def _begin(node: Node, erasures: Erasures, request: Request) -> HTTPResponse:
    """Begin to erase."""
    require_operator(node, request)
    try:
        asked = decode_body(_erase, request.body)
    except ValueError as error:
        raise CommandError(Code.INVALID, str(error)) from error
    selection = Selection(asked.room, asked.messages, asked.user, asked.before)
    fault = selection.fault()
    if fault is None and selection.room is None and not erasures.knows_all_rooms:
        fault = "Without an archive the rooms are not known: give `room`."
    if fault is not None:
        raise CommandError(Code.INVALID, fault)
    if selection.room is not None:
        check_room(selection.room)
    try:
        status = await erasures.begin(selection, asked.reason)
    except ErasureRunning as error:
        raise CommandError(Code.INVALID, f"{error}.") from error
    return json_response(status, HTTPStatus.ACCEPTED)


async def _read(node: Node, erasures: Erasures, request: Request) -> HTTPResponse:
    """Return the last erasure of this node."""
    require_operator(node, request)
    if erasures.last is None:
        raise CommandError(Code.NOT_KEPT, "Nothing was erased since this node started.")
    return json_response(erasures.last)
