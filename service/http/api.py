"""The HTTP API: how programs post, read history, and see rooms and members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from math import ceil
from time import monotonic, perf_counter
from types import SimpleNamespace
from typing import Final

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.exceptions import SanicException
from sanic.response import raw

from brokers.errors import BrokerError
from hubbub_protocol import Code
from hubbub_protocol.names import room_fault, user_fault
from service.http.bodies import (
    JSON,
    READ,
    MemberList,
    Posted,
    Problem,
    RoomInfo,
    RoomList,
    answer,
    read_post,
)
from service.identity.authenticator import AuthError
from service.identity.identity import Identity
from service.identity.rate_limit import ScopedRateLimit
from service.node import Node
from service.runtime.metrics import Metrics
from service.sessions import send
from service.sessions.errors import CommandError
from service.wire import responses
from service.wire.messages import encode_name
from service.wire.numbers import read_whole

_API: Final = "/api"
_MOST: Final = 200
_USUAL: Final = 50
_STATUS: Final = {
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.BAD_TOKEN: HTTPStatus.UNAUTHORIZED,
    Code.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
# The other way round, for what Sanic refuses by itself.
_CODE: Final[dict[int, Code]] = {
    HTTPStatus.NOT_FOUND: Code.UNKNOWN_TYPE,
    HTTPStatus.METHOD_NOT_ALLOWED: Code.UNKNOWN_TYPE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Code.TOO_LONG,
    HTTPStatus.SERVICE_UNAVAILABLE: Code.UNAVAILABLE,
}
# Of a parameter that nobody knows, so many characters are said again.
_SHOWN: Final = 40


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node) -> None:
    """Add `/api/rooms` and what is below it. All need `Authorization: Bearer` with the API key or a token."""
    app.error_handler.add(CommandError, partial(_refused, node))
    app.error_handler.add(BrokerError, partial(_broker_failed, node))
    room = f"{_API}/rooms/<name:str>"
    app.add_route(
        partial(_post, node, ScopedRateLimit(node.settings.sends_per_second, node.settings.sends_burst)),
        f"{room}/messages",
        methods=["POST"],
        unquote=True,
        name="post",
    )
    app.add_route(partial(_history, node), f"{room}/messages", methods=READ, unquote=True, name="history")
    app.add_route(partial(_members, node), f"{room}/members", methods=READ, unquote=True, name="members")
    app.add_route(partial(_rooms, node), f"{_API}/rooms", methods=READ, name="rooms")


def is_for_programs(request: Request) -> bool:
    """Tell whether a request is for this API, though perhaps for no route of it."""
    return request.path == _API or request.path.startswith(f"{_API}/")


def problem(error: Exception, metrics: Metrics) -> HTTPResponse:
    """Answer a request that failed outside of this API's routes, or by a fault of ours; count it."""
    if not isinstance(error, SanicException):
        metrics.error_responses.add(Code.INTERNAL)
        return answer(Problem(Code.INTERNAL, "the server failed"), HTTPStatus.INTERNAL_SERVER_ERROR)
    ours = error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    code = _CODE.get(error.status_code, Code.INTERNAL if ours else Code.INVALID)
    metrics.error_responses.add(code)
    return answer(Problem(code, str(error)), error.status_code, error.headers)


async def _post(node: Node, rate_limit: ScopedRateLimit, request: Request, name: str) -> HTTPResponse:
    """Store a message."""
    identity = _who(node, request)
    _check_room(name)
    _parameters(request)
    try:
        wanted = read_post(request.body)
    except ValueError as error:
        raise CommandError(Code.INVALID, str(error)) from error
    if identity.expires is None:
        identity = _as_bot(identity, wanted.user)
    send.check_text(node, identity, name, wanted.text)
    wait = rate_limit.take(identity.scope, monotonic())
    if wait:
        raise CommandError(Code.RATE_LIMITED, "too fast", retry_after=wait)
    started = perf_counter()
    epoch, offset, duplicate = await send.publish(node, identity, name, wanted.text, wanted.key)
    send.count(node.metrics, started)
    return answer(Posted(name, epoch, offset, duplicate), HTTPStatus.OK if duplicate else HTTPStatus.CREATED)


async def _history(node: Node, request: Request, name: str) -> HTTPResponse:
    """Read a page of a room's messages."""
    _reader(node, request, name)
    given = _parameters(request, "before", "after", "limit")
    before, after = _number(given, "before"), _number(given, "after")
    if before is not None and after is not None:
        raise CommandError(Code.INVALID, "give `before` or `after`, not both")
    limit = _number(given, "limit", _USUAL)
    if limit is None or not 1 <= limit <= _MOST:
        raise CommandError(Code.INVALID, f"`limit` is from 1 to {_MOST}")
    page = await node.broker.history(name, before=before, after=after, limit=limit)
    return raw(responses.history_body(encode_name(name), page), content_type=JSON)


async def _rooms(node: Node, request: Request) -> HTTPResponse:
    """List the rooms that are open on any node."""
    identity = _who(node, request)
    after = _parameters(request, "after").get("after", "")
    page = await node.rooms.listing.page(identity.reads, after, _MOST)
    found = [RoomInfo(room, members) for room, members in page.rooms.items()]
    return answer(RoomList(found, page.more, page.complete))


async def _members(node: Node, request: Request, name: str) -> HTTPResponse:
    """List the users in a room."""
    _reader(node, request, name)
    after = _parameters(request, "after").get("after", "")
    # Opened, if it isn't: then the other nodes say who is there.
    async with node.rooms.open(name) as room:
        names, more = room.roster.page(after, _MOST)
        return answer(MemberList(name, len(room.roster), names, more))


def _refused(node: Node, _: Request, error: CommandError) -> HTTPResponse:
    node.metrics.error_responses.add(error.code)
    headers = {} if error.retry_after is None else {"Retry-After": str(ceil(error.retry_after))}
    return answer(Problem(error.code, str(error)), _STATUS.get(error.code, HTTPStatus.BAD_REQUEST), headers)


def _broker_failed(node: Node, request: Request, error: BrokerError) -> HTTPResponse:
    return _refused(node, request, send.refusal_of(error))


def _who(node: Node, request: Request) -> Identity:
    """Say who asks, by the API key or a token."""
    given = request.token
    if not given:
        raise CommandError(
            Code.BAD_TOKEN, "an `Authorization: Bearer` header with the API key or a token is needed"
        )
    if node.auth.is_api_key(given):
        return Identity(user="bot", scope="api")
    try:
        return node.auth.verify(given)
    except AuthError as error:
        also = ", and that isn't the API key" if node.settings.api_key else ""
        raise CommandError(Code.BAD_TOKEN, f"{error}{also}") from error


def _reader(node: Node, request: Request, name: str) -> None:
    _check_room(name)
    if not _who(node, request).may_read(name):
        raise CommandError(Code.FORBIDDEN, "this room is not yours to read")


def _check_room(name: str) -> None:
    fault = room_fault(name)
    if fault is not None:
        raise CommandError(Code.INVALID, f"the room's name {fault}")


def _as_bot(identity: Identity, user: str) -> Identity:
    """With the API key a program says itself which name it goes by."""
    fault = user_fault(user)
    if fault is not None:
        raise CommandError(Code.INVALID, f"the user's name {fault}")
    return replace(identity, user=user)


def _parameters(request: Request, *known: str) -> dict[str, str]:
    """Read the query: what isn't understood is said, for without it the answer would be to something else."""
    given: dict[str, str] = {}
    for name, value in request.get_query_args(keep_blank_values=True):
        if name not in known:
            allowed = (
                "known are " + ", ".join(f"`{each}`" for each in known) if known else "none is known here"
            )
            raise CommandError(Code.INVALID, f"`{name[:_SHOWN]}` is no parameter of this; {allowed}")
        if name in given:
            raise CommandError(Code.INVALID, f"`{name}` is given twice")
        given[name] = value
    return given


def _number(given: Mapping[str, str], name: str, usual: int | None = None) -> int | None:
    value = given.get(name)
    if value is None:
        return usual
    number = read_whole(value)
    if number is None:
        raise CommandError(Code.INVALID, f"`{name}` is a whole number from 0, and not that long")
    return number
