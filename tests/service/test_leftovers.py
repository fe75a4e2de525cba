"""What is left of a connection that is gone: nothing, and nothing that only the collector would find."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from service.transport.connection import Connection
from service.transport.websocket import WebSocket
from service.wire.codecs import JSON
from tests.service.framing import Op, close_frame, frame
from tests.service.peer import Peer
from tests.service.serving import Served, until


@contextmanager
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def left() -> list[object]:
    return [thing for thing in gc.get_objects() if isinstance(thing, WebSocket | Connection)]


@pytest.mark.parametrize("go", [Peer.reset, Peer.vanish, Peer.say_no_more])
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
async def test_a_connection_that_is_gone_needs_no_collector(
    served: Served, go: Callable[[Peer], None], last: bytes
) -> None:
    with without_collector():
        before = len(left())
        peer = await served.welcomed("ann")
        assert len(left()) == before + 2
        await peer.write(last)
        go(peer)
        await until(lambda: len(left()) == before, left)


@pytest.mark.parametrize("last", [b"", b"\x81", frame(b"\xff"), frame(b"", Op.BINARY), close_frame(1000)])
async def test_one_that_was_gone_before_it_was_attached_is_heard_to_its_end(
    served: Served, last: bytes
) -> None:
    ours, theirs = socket.socketpair()
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    link = WebSocket(transport, 4096, 1.0, set())
    connection = Connection(link, JSON, served.node.metrics, 1.0)
    link.bind(connection)
    link.data_received(last)
    link.eof_received()
    link.connection_lost(None)
    try:
        link.attach()
        assert connection.closing
    finally:
        transport.abort()
        theirs.close()
