"""The HTTP API: post messages and change them, read history, list rooms and members."""

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

from brokers.base import Receipt
from brokers.errors import BrokerError
from hubbub_protocol import Code
from hubbub_protocol.commands import MAX_ID
from service.http import changes, marks
from service.http.access import as_author, check_room, read_number, read_query, require_reader
from service.http.bodies import (
    JSON,
    READ,
    Post,
    Posted,
    Problem,
    RoomList,
    RoomMembers,
    decode_post,
    json_response,
)
from service.http.credentials import authenticate
from service.identity.addresses import client_address
from service.identity.identity import Identity
from service.node import Node
from service.rooms.message_pages import read_messages
from service.rooms.threads import read_thread
from service.runtime.metrics import Metrics
from service.sessions import directory, files, pushing, search, send
from service.sessions.errors import CommandError, older_unavailable, rate_limited
from service.sessions.look_alike_rooms import check_new_room
from service.sessions.references import find_references
from service.sessions.room_commands import (
    BYTES_PER_TOKEN,
    MESSAGES_PER_TOKEN,
    NAMES_PER_TOKEN,
    THREAD_TOKENS,
)
from service.wire import responses
from service.wire.messages import encode_name

_API: Final = "/api"
_MAX_PAGE: Final = 200
_DEFAULT_PAGE: Final = 50
_SEARCH_PAGE: Final = 20
_STATUS: Final = {
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.BANNED: HTTPStatus.FORBIDDEN,
    Code.ROOM_CLOSED: HTTPStatus.FORBIDDEN,
    Code.NOT_KEPT: HTTPStatus.NOT_FOUND,
    Code.TOO_MANY_CHANGES: HTTPStatus.CONFLICT,
    Code.BAD_TOKEN: HTTPStatus.UNAUTHORIZED,
    Code.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.TOO_MANY_NEW_ROOMS: HTTPStatus.TOO_MANY_REQUESTS,
    Code.ROOMS_FULL: HTTPStatus.INSUFFICIENT_STORAGE,
    Code.FILES_FULL: HTTPStatus.INSUFFICIENT_STORAGE,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
# The codes for the requests that Sanic rejects.
_CODE: Final[dict[int, Code]] = {
    HTTPStatus.NOT_FOUND: Code.UNKNOWN_TYPE,
    HTTPStatus.METHOD_NOT_ALLOWED: Code.UNKNOWN_TYPE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Code.TOO_LONG,
    HTTPStatus.SERVICE_UNAVAILABLE: Code.UNAVAILABLE,
}


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node) -> None:
    """Add `/api/rooms` and what is below it. All need `Authorization: Bearer` with the API key or a token."""
    app.error_handler.add(CommandError, partial(_command_failed, node))
    app.error_handler.add(BrokerError, partial(_broker_failed, node))
    room = f"{_API}/rooms/<name:str>"
    app.add_route(partial(_post, node), f"{room}/messages", methods=["POST"], unquote=True, name="post")
    changes.add_routes(app, node, f"{room}/messages/<offset:str>")
    app.add_route(partial(_history, node), f"{room}/messages", methods=READ, unquote=True, name="history")
    app.add_route(partial(_members, node), f"{room}/members", methods=READ, unquote=True, name="members")
    app.add_route(partial(_rooms, node), f"{_API}/rooms", methods=READ, name="rooms")
    marks.add_routes(app, node, room, _limit_reads)
    app.add_route(partial(_search, node), f"{_API}/search", methods=READ, name="search")


def is_api_request(request: Request) -> bool:
    """Return whether the path of a request is below `/api`, with or without a route for it."""
    return request.path == _API or request.path.startswith(f"{_API}/")


def error_response(error: Exception, metrics: Metrics) -> HTTPResponse:
    """Answer a request that failed before it reached a route, or with an unexpected error; count it."""
    if not isinstance(error, SanicException):
        metrics.error_responses.add(Code.INTERNAL)
        return json_response(
            Problem(Code.INTERNAL, "Internal server error."), HTTPStatus.INTERNAL_SERVER_ERROR
        )
    is_server_error = error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    code = _CODE.get(error.status_code, Code.INTERNAL if is_server_error else Code.INVALID)
    metrics.error_responses.add(code)
    return json_response(Problem(code, str(error)), error.status_code, error.headers)


async def _post(node: Node, request: Request, name: str) -> HTTPResponse:
    """Post a message."""
    identity = authenticate(node, request)
    check_room(name)
    read_query(request)
    try:
        post = decode_post(request.body)
    except ValueError as error:
        raise CommandError(Code.INVALID, str(error)) from error
    if identity.kind == "bot":
        identity = as_author(post.user)
    send.check_text(node, identity, name, post.text, may_be_empty=post.files is not None)
    wait = node.send_limits.find(identity, "").take(post.text, monotonic())
    if wait:
        raise rate_limited("post", wait)
    if identity.kind != "bot" and not await _exists(node, name):
        await check_new_room(node, identity, name)
        send.require_new_room(node, identity, client_address(node.addresses, request), name)
    epoch, offset, duplicate = await _store(node, identity, name, post)
    return json_response(
        Posted(name, epoch, offset, duplicate), HTTPStatus.OK if duplicate else HTTPStatus.CREATED
    )


async def _store(node: Node, identity: Identity, name: str, post: Post) -> Receipt:
    if post.files is not None:
        return await files.publish(
            node, identity, name, files.FileMessage(post.text, post.files, post.key, post.reply_to)
        )
    started = perf_counter()
    found = await find_references(node, identity, name, post.text, post.reply_to)
    message = send.message_of(identity, post.text, post.key, post.reply_to, found)
    stored = send.publish(node, identity, name, message)
    pushing.notify(node, name, message, stored)
    receipt = await stored
    send.count_stored(node.metrics, started)
    return receipt


async def _exists(node: Node, name: str) -> bool:
    """Return whether a room has messages."""
    room = node.rooms.ready(name)
    return bool(room.log.end if room else (await node.broker.heads([name]))[name].offset)


async def _history(node: Node, request: Request, name: str) -> HTTPResponse:
    """Read a page of a room's messages."""
    identity = require_reader(node, request, name)
    query = read_query(request, "before", "after", "limit", "thread")
    before, after, thread = (read_number(query, each) for each in ("before", "after", "thread"))
    if after is not None and (before is not None or thread is not None):
        other = "before" if before is not None else "thread"
        raise CommandError(Code.INVALID, f"Conflicting parameters `{other}` and `after`: send one of them.")
    limit = _page_limit(query, _DEFAULT_PAGE)
    _limit_reads(node, identity, limit / MESSAGES_PER_TOKEN + (0 if thread is None else THREAD_TOKENS))
    reader = node.rooms.changes(name)
    async with node.page_turns.turn(identity.limited_as(client_address(node.addresses, request))):
        if thread is None:
            page = await read_messages(node.broker, name, reader, before=before, after=after, limit=limit)
        else:
            end = MAX_ID if before is None else before
            page = await read_thread(node.broker, name, reader, thread, before=end, limit=limit)
    if page.unavailable:
        raise older_unavailable()
    body = responses.history_body(encode_name(name), page)
    node.request_limits.charge(identity.id, monotonic(), len(body) / BYTES_PER_TOKEN)
    return raw(body, content_type=JSON)


async def _search(node: Node, request: Request) -> HTTPResponse:
    """Find messages in the rooms that the user may read."""
    identity = authenticate(node, request)
    query = read_query(request, "q", "before", "limit")
    limit = _page_limit(query, _SEARCH_PAGE)
    _limit_reads(node, identity, limit / MESSAGES_PER_TOKEN)
    asked = search.Query(query.get("q", ""), query.get("before"), limit)
    found = await search.find(node, identity, asked)
    return raw(responses.hits_body(found.hits, found.more), content_type=JSON)


async def _rooms(node: Node, request: Request) -> HTTPResponse:
    """List the rooms that the user may read."""
    identity = authenticate(node, request)
    query = read_query(request, "prefix", "after", "limit")
    limit = _page_limit(query, _MAX_PAGE)
    _limit_reads(node, identity, limit / NAMES_PER_TOKEN)
    page = await directory.find(node, identity, query.get("prefix", ""), query.get("after", ""), limit)
    return json_response(RoomList(page.rooms, page.after is not None, page.complete, page.after))


async def _members(node: Node, request: Request, name: str) -> HTTPResponse:
    """List the users in a room."""
    identity = require_reader(node, request, name)
    after = read_query(request, "after").get("after", "")
    _limit_reads(node, identity, _MAX_PAGE / NAMES_PER_TOKEN)
    # An open room receives its members on all nodes.
    async with node.rooms.open(name) as room:
        names, more = room.roster.page(after, _MAX_PAGE)
        return json_response(RoomMembers(name, len(room.roster), names, more, room.roster.away(names)))


def _command_failed(node: Node, _: Request, error: CommandError) -> HTTPResponse:
    node.metrics.error_responses.add(error.code)
    headers = {} if error.retry_after is None else {"Retry-After": str(ceil(error.retry_after))}
    status = _STATUS.get(error.code, HTTPStatus.BAD_REQUEST)
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="hubbub"'
    return json_response(Problem(error.code, str(error)), status, headers)


def _broker_failed(node: Node, request: Request, error: BrokerError) -> HTTPResponse:
    return _command_failed(node, request, send.to_command_error(error))


def _limit_reads(node: Node, identity: Identity, size: float) -> None:
    """Reject a read above the rate of the user, or of all programs with the API key."""
    wait = node.request_limits.read(identity.id, monotonic(), 1 + size)
    if wait:
        raise rate_limited("read", wait)


def _page_limit(query: Mapping[str, str], default: int) -> int:
    limit = read_number(query, "limit", default)
    if limit is None or not 1 <= limit <= _MAX_PAGE:
        raise CommandError(Code.INVALID, f"Invalid `limit` {limit}: expected a number from 1 to {_MAX_PAGE}.")
    return limit
