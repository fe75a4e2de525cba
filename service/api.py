"""The HTTP API: how programs post, read history, and see rooms and members."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from http import HTTPStatus
from types import SimpleNamespace
from typing import Final

import msgspec
from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.response import raw

from brokers.errors import BrokerError
from hubbub_protocol import Code
from hubbub_protocol.names import room_fault, user_fault
from service import answers, sending
from service.auth import AuthError, Identity
from service.node import Node
from service.refusals import Refused
from service.replies import MemberList, Posted, Problem, RoomInfo, RoomList, encode_value, read_post
from service.stored import encode_name

_JSON: Final = "application/json"
_MOST: Final = 200
_USUAL: Final = 50
_STATUS: Final = {
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.BAD_TOKEN: HTTPStatus.UNAUTHORIZED,
    Code.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node) -> None:
    """Add `/api/rooms` and what is below it. All need `Authorization: Bearer` with the API key or a token."""
    app.error_handler.add(Refused, _refused)
    app.error_handler.add(BrokerError, _broker_away)
    room = "/api/rooms/<name:str>"
    app.add_route(partial(_post, node), f"{room}/messages", methods=["POST"], unquote=True, name="post")
    app.add_route(partial(_history, node), f"{room}/messages", methods=["GET"], unquote=True, name="history")
    app.add_route(partial(_members, node), f"{room}/members", methods=["GET"], unquote=True, name="members")
    app.add_route(partial(_rooms, node), "/api/rooms", methods=["GET"], name="rooms")


async def _post(node: Node, request: Request, name: str) -> HTTPResponse:
    """Store a message."""
    identity = _who(node, request)
    _check_room(name)
    try:
        wanted = read_post(request.body)
    except ValueError as error:
        raise Refused(Code.INVALID, str(error)) from error
    if identity.expires is None:
        identity = _as_bot(identity, wanted.user)
    sending.check_text(node, identity, name, wanted.text)
    epoch, offset, duplicate = await sending.publish(node, identity, name, wanted.text, wanted.key)
    return _answer(Posted(name, epoch, offset, duplicate), HTTPStatus.OK if duplicate else HTTPStatus.CREATED)


async def _history(node: Node, request: Request, name: str) -> HTTPResponse:
    """Read a page of a room's messages."""
    _reader(node, request, name)
    before, after = _number(request, "before"), _number(request, "after")
    if before is not None and after is not None:
        raise Refused(Code.INVALID, "give `before` or `after`, not both")
    limit = _number(request, "limit") or _USUAL
    if limit > _MOST:
        raise Refused(Code.INVALID, f"limit is at most {_MOST}")
    page = await node.broker.history(name, before=before, after=after, limit=limit)
    return raw(answers.history_body(encode_name(name), page), content_type=_JSON)


async def _rooms(node: Node, request: Request) -> HTTPResponse:
    """List the rooms that are open on this node."""
    identity = _who(node, request)
    found = [RoomInfo(room.name, len(room.roster)) for room in node.rooms if identity.may_read(room.name)]
    return _answer(RoomList(sorted(found, key=lambda info: info.room)))


async def _members(node: Node, request: Request, name: str) -> HTTPResponse:
    """List the users in a room."""
    _reader(node, request, name)
    room = node.rooms.get(name)
    names, more = room.roster.page(request.args.get("after", ""), _MOST) if room else ([], False)
    return _answer(MemberList(name, len(room.roster) if room else 0, names, more))


async def _refused(_: Request, error: Refused) -> HTTPResponse:
    return _answer(Problem(error.code, str(error)), _STATUS.get(error.code, HTTPStatus.BAD_REQUEST))


async def _broker_away(_: Request, error: BrokerError) -> HTTPResponse:
    return _answer(Problem(Code.UNAVAILABLE, str(error)), HTTPStatus.SERVICE_UNAVAILABLE)


def _answer(body: msgspec.Struct, status: HTTPStatus = HTTPStatus.OK) -> HTTPResponse:
    return raw(encode_value(body), status=status, content_type=_JSON)


def _who(node: Node, request: Request) -> Identity:
    """Say who asks, by the API key or a token."""
    given = request.token
    if not given:
        raise Refused(
            Code.BAD_TOKEN, "an `Authorization: Bearer` header with the API key or a token is needed"
        )
    if node.auth.is_api_key(given):
        return Identity(user="bot", scope="api")
    try:
        return node.auth.verify(given)
    except AuthError as error:
        raise Refused(Code.BAD_TOKEN, str(error)) from error


def _reader(node: Node, request: Request, name: str) -> None:
    _check_room(name)
    if not _who(node, request).may_read(name):
        raise Refused(Code.FORBIDDEN, "this room is not yours to read")


def _check_room(name: str) -> None:
    fault = room_fault(name)
    if fault is not None:
        raise Refused(Code.INVALID, f"the room's name {fault}")


def _as_bot(identity: Identity, user: str) -> Identity:
    """With the API key a program says itself which name it goes by."""
    fault = user_fault(user)
    if fault is not None:
        raise Refused(Code.INVALID, f"the user's name {fault}")
    return replace(identity, user=user)


def _number(request: Request, name: str) -> int | None:
    value = request.args.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()):
        raise Refused(Code.INVALID, f"`{name}` is a whole number from 0")
    return int(value)
