"""Attach a session to an upgraded connection, or close the connection with the reason."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from brokers.errors import BrokerError
from hubbub_protocol import Close
from hubbub_protocol.names import room_fault
from service.cluster.name_errors import InvalidName, TooManyNames, UserNameTaken
from service.cluster.user_names import AcquiredName
from service.gateway.handshake import drain_frame
from service.moderation.actions import Subject
from service.sessions.commands import CommandSession
from service.sessions.errors import CommandError
from service.sessions.hello import acquire_guest
from service.sessions.plain import open_plain
from service.transport.connection import Connection
from service.wire.codecs import JSON, PLAIN, Codec
from service.wire.numbers import parse_whole_number

if TYPE_CHECKING:
    from sanic import Request

    from service.gateway.gateway import Gateway
    from service.node import Node
    from service.transport.websocket import WebSocket

SUBPROTOCOL: Final = "hubbub.v1"
DEFAULT_ROOM: Final = "lobby"
MAX_HISTORY: Final = 200

_log: Final = logging.getLogger(__name__)


class Rejected(Exception):
    """A connection is closed before it has a session; the client may return after `wait` seconds, if set.

    `booked`: the node reserves a slot for it at that time (CL4).
    """

    def __init__(self, code: Close, reason: str, wait: float = 0.0, *, booked: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.wait = wait
        self.booked = booked


def attach_session(gateway: Gateway, websocket: WebSocket, address: str) -> None:
    """Attach a session of `hubbub.v1` to a connection that was admitted on the fast path."""
    node = gateway.node
    connection = _connect(node, websocket, JSON, address)
    try:
        _check(node, connection)
        connection.receiver = CommandSession(node, connection)
    except Rejected as reason:
        _close(connection, reason)
    finally:
        _remove_without_session(node, connection)
    websocket.attach()


async def attach_requested(
    gateway: Gateway, request: Request, websocket: WebSocket, address: str, rejected: Rejected | None
) -> None:
    """Attach a session of the codec that a request asks for, unless it is rejected already."""
    node = gateway.node
    codec = JSON if SUBPROTOCOL in _offered(request) else PLAIN
    connection = _connect(node, websocket, codec, address)
    try:
        _check(node, connection)
        if rejected is not None:
            raise rejected
        if codec is JSON:
            connection.receiver = CommandSession(node, connection)
        else:
            await _open_plain(node, request, connection)
    except Rejected as reason:
        _close(connection, reason)
    finally:
        _remove_without_session(node, connection)
    websocket.attach()


def _connect(node: Node, websocket: WebSocket, codec: Codec, address: str) -> Connection:
    slow_seconds = node.settings.lagging_seconds
    connection = Connection(websocket, codec, node.metrics, slow_seconds, node.input_rate, address=address)
    websocket.bind(connection)
    node.add_connection(connection)
    return connection


def _close(connection: Connection, rejected: Rejected) -> None:
    if rejected.wait and connection.codec.supports_events:
        connection.write(drain_frame(rejected.wait, booked=rejected.booked))
    connection.close(rejected.code, str(rejected))


def _remove_without_session(node: Node, connection: Connection) -> None:
    # The session of a connection removes it from the node. Without one, this is the only place.
    if connection.receiver is None:
        node.remove_connection(connection, 0)


def _check(node: Node, connection: Connection) -> None:
    if node.draining:
        raise Rejected(Close.RESTART, "the node is restarting; reconnect")
    if node.broker_start.waiting:
        raise Rejected(Close.FULL, "the node is waiting for its broker; reconnect later")
    if node.address_limits.is_over(connection.address):
        node.metrics.address_limited.add("connections")
        raise Rejected(
            Close.FULL, "this address has too many connections (HUBBUB_CONNECTIONS_PER_ADDRESS); close some"
        )
    if not node.has_place():
        raise Rejected(Close.FULL, "the node has reached its connection limit; reconnect later")


def _offered(request: Request) -> list[str]:
    return [
        name.strip()
        for value in request.headers.getall("sec-websocket-protocol", [])
        for name in value.split(",")
    ]


async def _open_plain(node: Node, request: Request, connection: Connection) -> None:
    """Make a connection of the plain codec a member of the room in its query (PL1)."""
    if not node.settings.takes_guests:
        raise Rejected(Close.TOKEN_REFUSED, "guests are not allowed on this server")
    room = request.args.get("room", DEFAULT_ROOM)
    fault = room_fault(room)
    if fault is not None:
        raise Rejected(Close.POLICY, f"Invalid room name: {fault}.")
    history = parse_whole_number(request.args.get("history", "0"), MAX_HISTORY)
    if history is None:
        raise Rejected(Close.POLICY, f"Invalid `history`: expected a whole number from 0 to {MAX_HISTORY}.")
    taken = _take_name(node, request.args.get("name"), connection)
    try:
        await _enter_plain(node, connection, room, taken, history)
    finally:
        if connection.receiver is None:
            node.user_names.release_guest(taken.user, connection)


async def _enter_plain(
    node: Node, connection: Connection, room: str, taken: AcquiredName, history: int
) -> None:
    identity = node.auth.guest(*taken)
    if node.moderation.ban(Subject(identity.id, connection.address)) is not None:
        raise Rejected(Close.REMOVED, "banned by the operator")
    if not identity.may_read(room):
        raise Rejected(Close.POLICY, "no read permission for this room")
    try:
        await open_plain(node, connection, room, identity, history)
    except CommandError as error:
        raise Rejected(Close.POLICY, str(error)) from error
    except BrokerError as error:
        _log.warning("plain_join_failed", extra={"room": room, "reason": str(error)})
        raise Rejected(Close.FULL, "the broker is unreachable; reconnect later") from error


def _take_name(node: Node, name: str | None, connection: Connection) -> AcquiredName:
    try:
        return acquire_guest(node, name, None, connection)
    except UserNameTaken as error:
        return acquire_guest(node, error.suggestion, None, connection)
    except InvalidName as error:
        raise Rejected(Close.POLICY, str(error)) from error
    except TooManyNames as error:
        raise Rejected(Close.FULL, str(error)) from error
