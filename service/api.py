"""The HTTP API: how programs post, read history, and see rooms and members."""

from __future__ import annotations

from collections import OrderedDict
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
from service import answers, sending
from service.auth import AuthError, Identity
from service.limits import TokenBucket
from service.metrics import Metrics
from service.node import Node
from service.refusals import Refused
from service.replies import (
    JSON,
    READ,
    MemberList,
    Posted,
    Problem,
    RoomInfo,
    RoomList,
    answer,
    read_post,
    read_whole,
)
from service.settings import Settings
from service.stored import encode_name

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
# Of so many users it's remembered how fast they post; whoever posted longest ago is forgotten first.
_MOST_PACES: Final = 10_000
# Of a parameter that nobody knows, so many characters are said again.
_SHOWN: Final = 40


class Paces:
    """How fast each scope may post: as fast as it may send."""

    def __init__(self, settings: Settings) -> None:
        self._new = partial(TokenBucket, settings.sends_per_second, settings.sends_burst)
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, scope: str, now: float) -> float:
        """Take one of a scope's: 0.0 if it was granted, otherwise the seconds to wait until it would be."""
        bucket = self._buckets.setdefault(scope, self._new())
        self._buckets.move_to_end(scope)
        if len(self._buckets) > _MOST_PACES:
            self._buckets.popitem(last=False)
        return bucket.take(now)


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node) -> None:
    """Add `/api/rooms` and what is below it. All need `Authorization: Bearer` with the API key or a token."""
    app.error_handler.add(Refused, partial(_refused, node))
    app.error_handler.add(BrokerError, partial(_broker_failed, node))
    room = f"{_API}/rooms/<name:str>"
    app.add_route(
        partial(_post, node, Paces(node.settings)),
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
        metrics.refused.add(Code.INTERNAL)
        return answer(Problem(Code.INTERNAL, "the server failed"), HTTPStatus.INTERNAL_SERVER_ERROR)
    ours = error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    code = _CODE.get(error.status_code, Code.INTERNAL if ours else Code.INVALID)
    metrics.refused.add(code)
    return answer(Problem(code, str(error)), error.status_code, error.headers)


async def _post(node: Node, paces: Paces, request: Request, name: str) -> HTTPResponse:
    """Store a message."""
    identity = _who(node, request)
    _check_room(name)
    _parameters(request)
    try:
        wanted = read_post(request.body)
    except ValueError as error:
        raise Refused(Code.INVALID, str(error)) from error
    if identity.expires is None:
        identity = _as_bot(identity, wanted.user)
    sending.check_text(node, identity, name, wanted.text)
    wait = paces.take(identity.scope, monotonic())
    if wait:
        raise Refused(Code.RATE_LIMITED, "too fast", retry_after=wait)
    started = perf_counter()
    epoch, offset, duplicate = await sending.publish(node, identity, name, wanted.text, wanted.key)
    sending.count(node.metrics, started)
    return answer(Posted(name, epoch, offset, duplicate), HTTPStatus.OK if duplicate else HTTPStatus.CREATED)


async def _history(node: Node, request: Request, name: str) -> HTTPResponse:
    """Read a page of a room's messages."""
    _reader(node, request, name)
    given = _parameters(request, "before", "after", "limit")
    before, after = _number(given, "before"), _number(given, "after")
    if before is not None and after is not None:
        raise Refused(Code.INVALID, "give `before` or `after`, not both")
    limit = _number(given, "limit", _USUAL)
    if limit is None or not 1 <= limit <= _MOST:
        raise Refused(Code.INVALID, f"`limit` is from 1 to {_MOST}")
    page = await node.broker.history(name, before=before, after=after, limit=limit)
    return raw(answers.history_body(encode_name(name), page), content_type=JSON)


async def _rooms(node: Node, request: Request) -> HTTPResponse:
    """List the rooms that are open on any node."""
    identity = _who(node, request)
    after = _parameters(request, "after").get("after", "")
    page = await node.rooms.census.page(identity.reads, after, _MOST)
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


def _refused(node: Node, _: Request, error: Refused) -> HTTPResponse:
    node.metrics.refused.add(error.code)
    headers = {} if error.retry_after is None else {"Retry-After": str(ceil(error.retry_after))}
    return answer(Problem(error.code, str(error)), _STATUS.get(error.code, HTTPStatus.BAD_REQUEST), headers)


def _broker_failed(node: Node, request: Request, error: BrokerError) -> HTTPResponse:
    return _refused(node, request, sending.refusal_of(error))


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
        also = ", and that isn't the API key" if node.settings.api_key else ""
        raise Refused(Code.BAD_TOKEN, f"{error}{also}") from error


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


def _parameters(request: Request, *known: str) -> dict[str, str]:
    """Read the query: what isn't understood is said, for without it the answer would be to something else."""
    given: dict[str, str] = {}
    for name, value in request.get_query_args(keep_blank_values=True):
        if name not in known:
            allowed = (
                "known are " + ", ".join(f"`{each}`" for each in known) if known else "none is known here"
            )
            raise Refused(Code.INVALID, f"`{name[:_SHOWN]}` is no parameter of this; {allowed}")
        if name in given:
            raise Refused(Code.INVALID, f"`{name}` is given twice")
        given[name] = value
    return given


def _number(given: Mapping[str, str], name: str, usual: int | None = None) -> int | None:
    value = given.get(name)
    if value is None:
        return usual
    number = read_whole(value)
    if number is None:
        raise Refused(Code.INVALID, f"`{name}` is a whole number from 0, and not that long")
    return number
