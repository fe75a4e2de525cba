"""A lost connection and a room that was left leave no objects behind, not even for the garbage collector."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from service.gateway.acceptor import Acceptor
from service.gateway.admission import PendingHandshake
from service.rooms.log import RoomLog
from service.rooms.room import Room
from service.settings.tuning import Tuning
from service.transport.connection import Connection
from service.transport.input_turns import InputTurns
from service.transport.websocket import WebSocket
from service.wire.codecs import JSON
from tests.service.framing import Op, close_frame, frame
from tests.service.peer import Peer
from tests.service.serving import Served, quick, until


@contextmanager
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def live_objects() -> list[object]:
    return [thing for thing in gc.get_objects() if isinstance(thing, WebSocket | Connection)]


def live_rooms() -> list[object]:
    return [thing for thing in gc.get_objects() if isinstance(thing, Room | RoomLog)]


def live_handshakes() -> list[object]:
    return [thing for thing in gc.get_objects() if isinstance(thing, Acceptor | PendingHandshake)]


async def test_an_answered_handshake_is_freed_without_the_garbage_collector(served: Served) -> None:
    with without_collector():
        await served.welcomed("ann")
        assert live_handshakes() == []


async def test_a_room_that_was_left_is_freed_without_the_garbage_collector(served: Served) -> None:
    with without_collector():
        before = len(live_rooms())
        ann, _ = await served.joined("ann", "first")
        assert (await ann.ask("send", room="first", text="x"))["type"] == "sent"
        await ann.ask("leave", room="first")
        await ann.ask("join", room="empty")
        await ann.ask("leave", room="empty")
        await until(lambda: not served.node.rooms)
        await until(lambda: len(live_rooms()) == before)


@pytest.mark.settings(admissions_per_second=10, admissions_burst=1)
async def test_a_handshake_that_waited_for_its_slot_is_freed_too(served: Served) -> None:
    await served.welcomed("ann")
    with without_collector():
        await served.welcomed("bob")
        assert live_handshakes() == []


@pytest.mark.parametrize("end", [Peer.reset, Peer.disconnect, Peer.half_close])
@pytest.mark.parametrize(
    "last",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x81", id="half a frame"),
        pytest.param(frame(b"", Op.PING), id="a ping"),
        pytest.param(frame(b"\xff"), id="no text"),
        pytest.param(close_frame(1000), id="a close"),
    ],
)
async def test_a_lost_connection_is_freed_without_the_garbage_collector(
    served: Served, end: Callable[[Peer], None], last: bytes
) -> None:
    with without_collector():
        before = len(live_objects())
        peer = await served.welcomed("ann")
        assert len(live_objects()) == before + 2
        await peer.write(last)
        end(peer)
        await until(lambda: len(live_objects()) == before, live_objects)


@pytest.mark.parametrize("last", [b"", b"\x81", frame(b"\xff"), frame(b"", Op.BINARY), close_frame(1000)])
async def test_a_connection_that_is_lost_before_it_is_attached_is_cleaned_up(
    served: Served, last: bytes
) -> None:
    server_end, client_end = socket.socketpair()
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=server_end)
    websocket = WebSocket(transport, quick(), set(), InputTurns(Tuning()))
    connection = Connection(websocket, JSON, served.node.metrics, 1.0, served.node.input_rate)
    websocket.bind(connection)
    websocket.data_received(last)
    websocket.eof_received()
    websocket.connection_lost(None)
    try:
        websocket.attach()
        assert connection.closing
    finally:
        transport.abort()
        client_end.close()
