"""The HTTP API of the operator: delete, ban, kick, close a room, and read what is in force."""

from __future__ import annotations

import logging
from functools import partial
from http import HTTPStatus
from time import time
from types import SimpleNamespace
from typing import Annotated, Final, Literal

import msgspec
from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config

from hubbub_protocol import Code
from hubbub_protocol.commands import Delete, Epoch, Target
from service.http.access import check_room
from service.http.bodies import READ, decode_body, json_response
from service.http.credentials import KEY_NAME, authenticate
from service.identity.addresses import limited_form
from service.identity.identity import operator
from service.moderation.actions import Action, Kind, ModerationAction
from service.moderation.moderation import TooManyActions
from service.node import Node
from service.sessions import changes, topics
from service.sessions.errors import CommandError

_PATH: Final = "/api/moderation"
_log: Final = logging.getLogger(__name__)
_MAX_SECONDS: Final = 10 * 365 * 86_400
# What names the target of an action.
_OF_ROOMS: Final[tuple[Kind, ...]] = ("room",)
_OF_CLIENTS: Final[tuple[Kind, ...]] = ("user", "address", "token")


class Moderate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An action on a client (one of `user`, `address`, `token`) or a room, and why.

    `seconds`: for how long a ban lasts or a room is closed; without them until it is revoked.
    `text`: the topic of the room; an empty one removes it.
    `offset` and `epoch`: the message of the room that is deleted; by default of the room's epoch.
    """

    action: Action | Literal["delete"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    user: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None = None
    address: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    token: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None = None
    room: str | None = None
    offset: Target | None = None
    epoch: Epoch | None = None
    text: str | None = None
    seconds: Annotated[int, msgspec.Meta(ge=1, le=_MAX_SECONDS)] | None = None


class DeletedMessage(msgspec.Struct, frozen=True):
    """A message that the operator has deleted."""

    target: str
    offset: int
    at: int
    reason: str
    action: Literal["delete"] = "delete"


class ActionsInForce(msgspec.Struct, frozen=True):
    """The bans, the closed rooms and the topics in force, oldest first."""

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
    if asked.action == "delete":
        return json_response(await _delete(node, asked), HTTPStatus.CREATED)
    if asked.action == "topic":
        return json_response(await _set_topic(node, asked), HTTPStatus.CREATED)
    action = _action(asked.action, asked)
    try:
        await node.moderation.act(action)
    except TooManyActions as error:
        raise CommandError(Code.INVALID, f"{error}.") from error
    return json_response(action, HTTPStatus.CREATED)


async def _set_topic(node: Node, asked: Moderate) -> ModerationAction:
    """Set the topic of a room (TP1)."""
    action = _action("topic", asked)
    if asked.text is None:
        raise CommandError(Code.INVALID, "Invalid topic: `topic` needs `text`, which may be empty.")
    text = topics.checked(asked.text)
    await topics.change(node, operator(KEY_NAME), action.target, text, asked.reason)
    return msgspec.structs.replace(action, text=text)


async def _list(node: Node, request: Request) -> HTTPResponse:
    """List what is in force."""
    require_operator(node, request)
    return json_response(ActionsInForce(node.moderation.active()))


async def _delete(node: Node, asked: Moderate) -> DeletedMessage:
    """Delete a message of a room, as a change of the message (CG3)."""
    _, room = _target(asked, _OF_ROOMS)
    if asked.offset is None:
        raise CommandError(Code.INVALID, "Invalid target: `delete` needs `offset`, the message of the room.")
    command = Delete(id=0, room=room, target=asked.offset, epoch=asked.epoch)
    found = await node.rooms.changes(room).target(command.target, command.epoch)
    await changes.publish(node, operator(KEY_NAME), command, found)
    deleted = DeletedMessage(room, asked.offset, int(time() * 1000), asked.reason)
    _log.warning("moderation", extra=msgspec.structs.asdict(deleted))
    return deleted


def _action(action: Action, asked: Moderate) -> ModerationAction:
    """Make the action, with its one target."""
    kind, target = _target(asked, _OF_ROOMS if action in {"close", "reopen", "topic"} else _OF_CLIENTS)
    if asked.offset is not None or asked.epoch is not None:
        raise CommandError(Code.INVALID, f"Invalid target: `{action}` needs no `offset`, and no `epoch`.")
    now = int(time() * 1000)
    until = None if asked.seconds is None else now + asked.seconds * 1000
    return ModerationAction(action, target, now, asked.reason, until, kind)


def _target(asked: Moderate, needed: tuple[Kind, ...]) -> tuple[Kind, str]:
    """Return what an action names, which must be one thing, and of a kind that is needed."""
    given: list[tuple[Kind, str]] = [
        (kind, target) for kind in (*_OF_CLIENTS, *_OF_ROOMS) if (target := getattr(asked, kind)) is not None
    ]
    if len(given) != 1 or given[0][0] not in needed:
        names = " or ".join(f"`{kind}`" for kind in needed)
        raise CommandError(
            Code.INVALID, f"Invalid target: `{asked.action}` needs {names}, and no other target."
        )
    [(kind, target)] = given
    if kind == "room":
        check_room(target)
    return (kind, _checked_address(target)) if kind == "address" else (kind, target)


def _checked_address(text: str) -> str:
    """Return an address in the form in which it is limited and banned."""
    address = limited_form(text)
    if address is None:
        raise CommandError(
            Code.INVALID, f"Invalid address {text!r}: expected an IPv4 or IPv6 address, without a port."
        )
    return address


def require_operator(node: Node, request: Request) -> None:
    """Reject a request without the API key."""
    if authenticate(node, request).kind != "bot":
        raise CommandError(Code.FORBIDDEN, "Moderation needs the API key (HUBBUB_API_KEY).")
