"""The HTTP API: edit and delete messages, and react to them (CG1-CG10)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from time import monotonic, perf_counter
from types import SimpleNamespace
from typing import Final

import msgspec
from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config

from hubbub_protocol import Code, commands
from hubbub_protocol.folding import ChangeKind
from service.http.access import MAX_QUOTED, as_author, check_room, read_query
from service.http.bodies import Posted, decode_edit, json_response
from service.http.credentials import authenticate
from service.node import Node
from service.sessions import changes, send
from service.sessions.errors import CommandError, rate_limited
from service.sessions.references import find_references
from service.wire.numbers import parse_whole_number

# A command of the protocol has an id; a request has none.
_NO_ID: Final = 0


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node, message: str) -> None:
    """Add the routes below the path of a message. They share the rate limit of posts."""
    reaction = f"{message}/reactions/<emoji:str>"
    for kind, path, method in (
        (ChangeKind.EDIT, message, "PATCH"),
        (ChangeKind.DELETE, message, "DELETE"),
        (ChangeKind.REACT, reaction, "PUT"),
        (ChangeKind.UNREACT, reaction, "DELETE"),
    ):
        handler = partial(_change, node, kind)
        app.add_route(handler, path, methods=[method], unquote=True, name=kind.value)


async def _change(
    node: Node,
    kind: ChangeKind,
    request: Request,
    *,
    name: str,
    offset: str,
    emoji: str | None = None,
) -> HTTPResponse:
    """Store a change of a message. Only an edit has a body; the others have their fields in the query."""
    identity = authenticate(node, request)
    check_room(name)
    fields = _edit_fields(request) if kind is ChangeKind.EDIT else read_query(request, "user", "key", "epoch")
    user = fields.pop("user", "bot")
    if identity.kind == "bot":
        identity = as_author(user)
    reaction = {} if emoji is None else {"emoji": emoji}
    command = _command(kind, {"room": name, "target": _offset(offset), **fields, **reaction})
    changes.check_command(node, identity, command)
    wait = node.send_limits.find(identity, "").take(changes.text_of(command), monotonic())
    if wait:
        raise rate_limited("post", wait)
    started = perf_counter()
    target = await node.rooms.changes(name).target(command.target, command.epoch)
    text = command.text if isinstance(command, commands.Edit) else ""
    found = await find_references(node, identity, name, text)
    stored, at, duplicate = await changes.publish(node, identity, command, target, found.mentions)
    send.count_stored(node.metrics, started)
    return json_response(
        Posted(name, stored, at, duplicate), HTTPStatus.OK if duplicate else HTTPStatus.CREATED
    )


def _edit_fields(request: Request) -> dict[str, str]:
    read_query(request)
    try:
        edit = decode_edit(request.body)
    except ValueError as error:
        raise CommandError(Code.INVALID, str(error)) from error
    return {name: value for name, value in msgspec.structs.asdict(edit).items() if value is not None}


def _offset(text: str) -> int:
    offset = parse_whole_number(text)
    if not offset:
        raise CommandError(Code.INVALID, f"Invalid offset {text[:MAX_QUOTED]!r}: expected 1 or more.")
    return offset


def _command(kind: ChangeKind, fields: Mapping[str, object]) -> commands.Change:
    """Make the command of the protocol that a request stands for, with the same checks."""
    command: commands.Change
    try:
        command = msgspec.convert({"type": kind.value, "id": _NO_ID, **fields}, commands.Change)
    except msgspec.ValidationError as error:
        raise CommandError(Code.INVALID, f"Invalid request: {error}.") from error
    return command
