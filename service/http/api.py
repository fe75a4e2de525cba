"""The HTTP API: post messages, read history, list rooms and members."""

from __future__ import annotations

from collections.abc import Mapping
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
    Posted,
    Problem,
    RoomInfo,
    RoomList,
    RoomMembers,
    decode_post,
    json_response,
)
from service.http.credentials import KEY_NAME, authenticate
from service.identity.identity import Identity, bot
from service.identity.rate_limit import ScopedRateLimit
from service.node import Node
from service.runtime.metrics import Metrics
from service.sessions import search, send
from service.sessions.errors import CommandError, invalid_room_name, older_unavailable, rate_limited
from service.wire import responses
from service.wire.messages import encode_name
from service.wire.numbers import parse_whole_number

_API: Final = "/api"
_MAX_PAGE: Final = 200
_DEFAULT_PAGE: Final = 50
_SEARCH_PAGE: Final = 20
_STATUS: Final = {
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.BANNED: HTTPStatus.FORBIDDEN,
    Code.ROOM_CLOSED: HTTPStatus.FORBIDDEN,
    Code.BAD_TOKEN: HTTPStatus.UNAUTHORIZED,
    Code.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.ROOMS_FULL: HTTPStatus.INSUFFICIENT_STORAGE,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
# The codes for the requests that Sanic rejects.
_CODE: Final[dict[int, Code]] = {
    HTTPStatus.NOT_FOUND: Code.UNKNOWN_TYPE,
    HTTPStatus.METHOD_NOT_ALLOWED: Code.UNKNOWN_TYPE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Code.TOO_LONG,
    HTTPStatus.SERVICE_UNAVAILABLE: Code.UNAVAILABLE,
}
# An error quotes so many characters of an unknown parameter.
_MAX_QUOTED: Final = 40


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node) -> None:
    """Add `/api/rooms` and what is below it. All need `Authorization: Bearer` with the API key or a token."""
    app.error_handler.add(CommandError, partial(_command_failed, node))
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
    app.add_route(partial(_search, node), f"{_API}/search", methods=READ, name="search")


def is_api_request(request: Request) -> bool:
    """Tell whether the path of a request is below `/api`, with or without a route for it."""
    return request.path == _API or request.path.startswith(f"{_API}/")


def error_response(error: Exception, metrics: Metrics) -> HTTPResponse:
    """Answer a request that failed before it reached a route, or with an unexpected error; count it."""
    if not isinstance(error, SanicException):
        metrics.error_responses.add(Code.INTERNAL)
        return json_response(
            Problem(Code.INTERNAL, "internal server error"), HTTPStatus.INTERNAL_SERVER_ERROR
        )
    is_server_error = error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    code = _CODE.get(error.status_code, Code.INTERNAL if is_server_error else Code.INVALID)
    metrics.error_responses.add(code)
    return json_response(Problem(code, str(error)), error.status_code, error.headers)


async def _post(node: Node, rate_limit: ScopedRateLimit, request: Request, name: str) -> HTTPResponse:
    """Post a message."""
    identity = authenticate(node, request)
    _check_room(name)
    _query(request)
    try:
        post = decode_post(request.body)
    except ValueError as error:
        raise CommandError(Code.INVALID, str(error)) from error
    if identity.kind == "bot":
        identity = _as_author(post.user)
    send.check_text(node, identity, name, post.text)
    wait = rate_limit.take(identity.id, monotonic())
    if wait:
        raise rate_limited("post", wait)
    started = perf_counter()
    epoch, offset, duplicate = await send.publish(node, identity, name, post.text, post.key)
    send.count_stored(node.metrics, started)
    return json_response(
        Posted(name, epoch, offset, duplicate), HTTPStatus.OK if duplicate else HTTPStatus.CREATED
    )


async def _history(node: Node, request: Request, name: str) -> HTTPResponse:
    """Read a page of a room's messages."""
    _require_reader(node, request, name)
    query = _query(request, "before", "after", "limit")
    before, after = _number(query, "before"), _number(query, "after")
    if before is not None and after is not None:
        raise CommandError(Code.INVALID, "Conflicting parameters `before` and `after`: send one of them.")
    limit = _page_limit(query, _DEFAULT_PAGE)
    page = await node.broker.history(name, before=before, after=after, limit=limit)
    if page.more and not page.entries:
        raise older_unavailable()
    return raw(responses.history_body(encode_name(name), page), content_type=JSON)


async def _search(node: Node, request: Request) -> HTTPResponse:
    """Find messages in the rooms that the user may read."""
    identity = authenticate(node, request)
    query = _query(request, "q", "before", "limit")
    limit = _page_limit(query, _SEARCH_PAGE)
    found = await search.find(node, identity, query.get("q", ""), query.get("before"), limit)
    return raw(responses.hits_body(found.hits, found.more), content_type=JSON)


async def _rooms(node: Node, request: Request) -> HTTPResponse:
    """List the rooms that are open on any node."""
    identity = authenticate(node, request)
    after = _query(request, "after").get("after", "")
    page = await node.rooms.listing.page(identity.reads, after, _MAX_PAGE)
    rooms = [RoomInfo(room, members) for room, members in page.rooms.items()]
    return json_response(RoomList(rooms, page.more, page.complete))


async def _members(node: Node, request: Request, name: str) -> HTTPResponse:
    """List the users in a room."""
    _require_reader(node, request, name)
    after = _query(request, "after").get("after", "")
    # An open room receives its members on all nodes.
    async with node.rooms.open(name) as room:
        names, more = room.roster.page(after, _MAX_PAGE)
        return json_response(RoomMembers(name, len(room.roster), names, more))


def _command_failed(node: Node, _: Request, error: CommandError) -> HTTPResponse:
    node.metrics.error_responses.add(error.code)
    headers = {} if error.retry_after is None else {"Retry-After": str(ceil(error.retry_after))}
    status = _STATUS.get(error.code, HTTPStatus.BAD_REQUEST)
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="hubbub"'
    return json_response(Problem(error.code, str(error)), status, headers)


def _broker_failed(node: Node, request: Request, error: BrokerError) -> HTTPResponse:
    return _command_failed(node, request, send.to_command_error(error))


def _require_reader(node: Node, request: Request, name: str) -> None:
    _check_room(name)
    if not authenticate(node, request).may_read(name):
        raise CommandError(Code.FORBIDDEN, "no read permission for this room")


def _check_room(name: str) -> None:
    fault = room_fault(name)
    if fault is not None:
        raise invalid_room_name(name, fault)


def _as_author(user: str) -> Identity:
    """Return the identity of a program with the API key, which chooses its name for each message."""
    fault = user_fault(user)
    if fault is not None:
        raise CommandError(Code.INVALID, f"Invalid user name: {fault}.")
    return bot(user, KEY_NAME)


def _query(request: Request, *allowed: str) -> dict[str, str]:
    """Parse the query. An unknown parameter is an error, because to ignore it may change the response."""
    query: dict[str, str] = {}
    for name, value in request.get_query_args(keep_blank_values=True):
        if name not in allowed:
            expected = ", ".join(f"`{each}`" for each in allowed) or "none"
            raise CommandError(
                Code.INVALID, f"Unknown parameter `{name[:_MAX_QUOTED]}`; allowed are: {expected}"
            )
        if name in query:
            raise CommandError(Code.INVALID, f"Duplicate parameter `{name}`: send it once.")
        query[name] = value
    return query


def _page_limit(query: Mapping[str, str], default: int) -> int:
    limit = _number(query, "limit", default)
    if limit is None or not 1 <= limit <= _MAX_PAGE:
        raise CommandError(Code.INVALID, f"Invalid `limit` {limit}: expected a number from 1 to {_MAX_PAGE}.")
    return limit


def _number(query: Mapping[str, str], name: str, default: int | None = None) -> int | None:
    value = query.get(name)
    if value is None:
        return default
    number = parse_whole_number(value)
    if number is None:
        raise CommandError(
            Code.INVALID, f"Invalid `{name}` {value[:_MAX_QUOTED]!r}: expected a whole number."
        )
    return number
