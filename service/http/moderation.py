"""The HTTP API of the operator: ban, kick, close a room, and read what is in force."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from time import time
from types import SimpleNamespace
from typing import Annotated, Final, Literal

import msgspec
from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config

from hubbub_protocol import Code
from hubbub_protocol.names import room_fault
from service.http.bodies import READ, decode_body, json_response
from service.http.credentials import authenticate
from service.moderation.actions import ModerationAction
from service.moderation.moderation import TooManyActions
from service.node import Node
from service.sessions.errors import CommandError, invalid_room_name

_PATH: Final = "/api/moderation"
_MAX_SECONDS: Final = 10 * 365 * 86_400
_OF_ROOMS: Final = frozenset({"close", "reopen"})


class Moderate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An action: the id of a user, or a room; why, and for how many seconds. Without them until revoked."""

    action: Literal["ban", "unban", "kick", "close", "reopen"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    user: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None = None
    room: str | None = None
    seconds: Annotated[int, msgspec.Meta(ge=1, le=_MAX_SECONDS)] | None = None


class ActionsInForce(msgspec.Struct, frozen=True):
    """The bans and the closed rooms in force, oldest first."""

    actions: list[ModerationAction]


_moderate: Final = msgspec.json.Decoder(Moderate)


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node) -> None:
    """Add `/api/moderation`. It needs the API key."""
    app.add_route(partial(_act, node), _PATH, methods=["POST"], name="moderate")
    app.add_route(partial(_list, node), _PATH, methods=READ, name="moderation")


async def _act(node: Node, request: Request) -> HTTPResponse:
    """Take an action on all nodes."""
    require_operator(node, request)
    try:
        asked = decode_body(_moderate, request.body)
    except ValueError as error:
        raise CommandError(Code.INVALID, str(error)) from error
    action = _action(asked)
    try:
        await node.moderation.act(action)
    except TooManyActions as error:
        raise CommandError(Code.INVALID, f"{error}.") from error
    return json_response(action, HTTPStatus.CREATED)


async def _list(node: Node, request: Request) -> HTTPResponse:
    """List what is in force."""
    require_operator(node, request)
    return json_response(ActionsInForce(node.moderation.active()))


def _action(asked: Moderate) -> ModerationAction:
    """Check which target an action needs."""
    needed, other = ("room", "user") if asked.action in _OF_ROOMS else ("user", "room")
    target = getattr(asked, needed)
    if target is None or getattr(asked, other) is not None:
        message = f"Invalid target: `{asked.action}` needs `{needed}`, and no `{other}`."
        raise CommandError(Code.INVALID, message)
    fault = room_fault(target) if needed == "room" else None
    if fault is not None:
        raise invalid_room_name(target, fault)
    now = int(time() * 1000)
    until = None if asked.seconds is None else now + asked.seconds * 1000
    return ModerationAction(asked.action, target, now, asked.reason, until)


def require_operator(node: Node, request: Request) -> None:
    """Reject a request without the API key."""
    if authenticate(node, request).kind != "bot":
        raise CommandError(Code.FORBIDDEN, "moderation needs the API key (HUBBUB_API_KEY)")
