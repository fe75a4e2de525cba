"""The websocket route's work: who may come in, and as which kind of session."""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import urlsplit

from sanic import Request, Websocket

from brokers.errors import BrokerError
from hubbub_protocol import Close
from hubbub_protocol.names import room_fault
from service.auth import guest
from service.codecs import JSON, PLAIN, Codec
from service.commands import Commands
from service.connection import Connection
from service.guests import InvalidName, NameTaken, Taken
from service.knock import REASON, Knock, drain_frame
from service.lean import Detached
from service.link import Link
from service.node import Node
from service.plain import open_plain
from service.replies import read_whole
from service.stock import StockSocket

SUBPROTOCOL: Final = "hubbub.v1"
DEFAULT_ROOM: Final = "lobby"
MOST_HISTORY: Final = 200

_log: Final = logging.getLogger(__name__)


class Unwelcome(Exception):
    """A connection is closed at the door; told when to come back if `wait` says so (seconds)."""

    def __init__(self, code: Close, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.code = code
        self.wait = wait


async def admit(node: Node, request: Request, websocket: Websocket | Detached, wait: float = 0.0) -> None:
    """Attach a session to an upgraded connection; or tell it to come back after `wait` seconds, if not 0.

    On the lean protocol this returns at once and the session lives on its own; on Sanic's stock protocol it
    returns when the connection has ended.
    """
    if isinstance(websocket, Detached):
        socket: Link | StockSocket = websocket.link
    else:
        socket = StockSocket(websocket, node.tasks, node.settings.write_buffer_bytes)
    codec = JSON if SUBPROTOCOL in _offered(request) else PLAIN
    connection = _meet(node, socket, codec)
    try:
        _check(node, request.headers.get("origin"), request.headers.get("host", ""), wait)
        if codec is JSON:
            connection.receiver = Commands(node, connection)
        else:
            await _open_plain(node, request, connection)
    except Unwelcome as unwelcome:
        _turn_away(connection, unwelcome)
    finally:
        # A connection that never got a session has nobody else to forget it.
        if connection.receiver is None:
            node.forget(connection, 0)
    if isinstance(socket, Link):
        socket.attach()
    else:
        await socket.run(connection)


def admit_at_once(node: Node, link: Link, asked: Knock) -> None:
    """Attach a session of `hubbub.v1` to a connection for which there is room."""
    connection = _meet(node, link, JSON)
    try:
        _check(node, asked.origin, asked.host, 0.0)
    except Unwelcome as unwelcome:
        _turn_away(connection, unwelcome)
        node.forget(connection, 0)
    else:
        connection.receiver = Commands(node, connection)
    link.attach()


def _meet(node: Node, socket: Link | StockSocket, codec: Codec) -> Connection:
    connection = Connection(socket, codec, node.metrics, node.settings.lagging_seconds)
    socket.bind(connection)
    node.remember(connection)
    return connection


def _turn_away(connection: Connection, unwelcome: Unwelcome) -> None:
    if unwelcome.wait and connection.codec.speaks_events:
        connection.write(drain_frame(unwelcome.wait))
    connection.close(unwelcome.code, str(unwelcome))


def _check(node: Node, origin: str | None, host: str, wait: float) -> None:
    if node.draining:
        raise Unwelcome(Close.RESTART, "the node restarts")
    if len(node.connections) > node.settings.connections:
        raise Unwelcome(Close.FULL, "the node is full; come back later")
    if not _origin_allowed(origin, host, node.settings.origins):
        raise Unwelcome(Close.BAD_ORIGIN, "this origin is not allowed (HUBBUB_ORIGINS)")
    if wait:
        raise Unwelcome(Close.FULL, REASON, wait)


def _origin_allowed(origin: str | None, own: str, allowed: tuple[str, ...]) -> bool:
    """Tell whether the page that connects may: of the same host, or listed. Programs name no origin."""
    if origin is None or "*" in allowed:
        return True
    if allowed:
        return origin.rstrip("/").lower() in allowed
    host = _host(origin)
    return host is not None and host == _host(f"//{own}")


def _host(address: str) -> str | None:
    """Read the host of an address; None if it has none, or is no address."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _offered(request: Request) -> list[str]:
    return [
        name.strip()
        for value in request.headers.getall("sec-websocket-protocol", [])
        for name in value.split(",")
    ]


async def _open_plain(node: Node, request: Request, connection: Connection) -> None:
    """Let a connection of the plain codec into the room that its address names (PL1)."""
    if node.settings.auth == "tokens":
        raise Unwelcome(Close.TOKEN_REFUSED, "this server takes no guests")
    room = request.args.get("room", DEFAULT_ROOM)
    fault = room_fault(room)
    if fault is not None:
        raise Unwelcome(Close.POLICY, f"the room's name {fault}")
    history = read_whole(request.args.get("history", "0"), MOST_HISTORY)
    if history is None:
        raise Unwelcome(Close.POLICY, f"history is a number from 0 to {MOST_HISTORY}")
    taken = _take_name(node, request.args.get("name"), connection)
    try:
        await open_plain(node, connection, room, guest(*taken), history)
    except BrokerError as error:
        _log.warning("plain_join_failed", extra={"room": room, "reason": str(error)})
        raise Unwelcome(Close.FULL, "the broker is away; come back later") from error
    finally:
        if connection.receiver is None:
            node.guests.free(taken.user, connection)


def _take_name(node: Node, name: str | None, connection: Connection) -> Taken:
    try:
        return node.guests.take(name, connection=connection)
    except NameTaken as error:
        return node.guests.take(error.suggestion, connection=connection)
    except InvalidName as error:
        raise Unwelcome(Close.POLICY, str(error)) from error
