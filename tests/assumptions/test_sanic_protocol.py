"""Sanic: the protocol below its HTTP, from the first bytes of a connection to a server that stops."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from tests.assumptions.claims import assumes
from tests.assumptions.places import FIRST_BYTES, HTTP_PROTOCOL, SERVER
from tests.assumptions.sanic_stage import GET, POST, UPGRADE, read_answer, stage


@assumes(
    "sanic",
    "WebSocketProtocol.websocket_handshake",
    "WebSocketProtocol.websocket",
    where=HTTP_PROTOCOL,
    breaks="Sanic's own websocket runs under the chat, or a failed handler leaves its connection open",
)
async def test_the_route_asks_websocket_handshake_and_closes_what_it_returned() -> None:
    """The route awaits `websocket_handshake`, hands its result to the handler, and awaits `close()` at its
    end, or calls `end_connection(code)` if the handler is cancelled.
    """
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    steps: list[str] = []
    done = asyncio.Event()

    class Stub:
        async def close(self, _code: int = 1000) -> None:
            steps.append("close")

        def end_connection(self, _code: int = 1000) -> None:
            steps.append("end_connection")
            done.set()

    class Protocol(WebSocketProtocol):
        async def websocket_handshake(self, request: object, subprotocols: object = None) -> Any:
            steps.append("handshake")
            return Stub()

    async def chat(request: Any, websocket: object) -> None:
        assert isinstance(websocket, Stub)
        if len(steps) > 2:
            raise asyncio.CancelledError

    async with stage(Protocol, chat) as on:
        reader, writer = await on.dial(UPGRADE)
        assert not await reader.read()  # the HTTP task is over, and has closed the transport
        writer.close()
        _, writer = await on.dial(UPGRADE)
        await done.wait()
        writer.close()
    assert steps == ["handshake", "close", "handshake", "end_connection"]


@assumes(
    "sanic",
    "HttpProtocol.recv_buffer",
    "HttpProtocol._callback_check_timeouts",
    "SanicProtocol.connections",
    "SanicProtocol.transport",
    "SanicProtocol.loop",
    "SanicProtocol.app",
    where=HTTP_PROTOCOL,
    breaks="frames that came with the upgrade are lost, or Sanic's timer ends a websocket",
)
async def test_a_handshake_finds_what_else_has_come_and_what_else_holds_the_connection() -> None:
    """While a handshake runs, `recv_buffer` is a bytearray of what came behind the head, `connections` holds
    the protocol, and `_callback_check_timeouts` is the one timer that watches it.
    """
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    seen: list[object] = []

    class Protocol(WebSocketProtocol):
        async def websocket_handshake(self, request: object, subprotocols: object = None) -> Any:
            assert isinstance(self._callback_check_timeouts, asyncio.TimerHandle)
            assert self in self.connections
            assert isinstance(self.recv_buffer, bytearray)
            assert self.loop is asyncio.get_running_loop()
            assert isinstance(self.transport, asyncio.Transport)
            seen.extend([bytes(self.recv_buffer), self.app])
            self.transport.abort()
            raise ConnectionError

    async def chat(request: object, websocket: object) -> None: ...

    async with stage(Protocol, chat) as on:
        reader, writer = await on.dial(UPGRADE, b"frames")
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        assert seen == [b"frames", on.app]


@assumes(
    "sanic",
    "HttpProtocol.close",
    "HttpProtocol.connection_task",
    where=HTTP_PROTOCOL,
    breaks="each websocket is closed as soon as its route's handler returns",
)
async def test_a_connection_stays_open_if_close_does_nothing_at_the_end_of_the_http_task() -> None:
    """The HTTP task ends a connection by `close()` of the protocol alone."""
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    closed = asyncio.Event()

    class Stub:
        async def close(self, _code: int = 1000) -> None: ...

    class Protocol(WebSocketProtocol):
        async def websocket_handshake(self, request: object, subprotocols: object = None) -> Any:
            return Stub()

        def close(self, timeout: float | None = None) -> None:
            closed.set()

    async def chat(request: object, websocket: object) -> None: ...

    async with stage(Protocol, chat) as on:
        reader, writer = await on.dial(UPGRADE)
        await closed.wait()
        [connection] = on.server.connections
        assert not connection.transport.is_closing()
        connection.transport.write(b"still here")
        assert await reader.readexactly(10) == b"still here"
        writer.close()


@assumes(
    "sanic",
    "HttpProtocol.connection_made",
    "HttpProtocol.data_received",
    "WebSocketProtocol.connection_lost",
    "HttpProtocol.request_timeout",
    where=(FIRST_BYTES, HTTP_PROTOCOL),
    breaks="no HTTP request is answered",
)
async def test_a_protocol_may_be_made_for_a_transport_whose_first_bytes_another_has_read() -> None:
    """A protocol that is made from the arguments of `create_server`, and handed a transport and bytes by
    `connection_made` and `data_received`, serves HTTP until `connection_lost`.
    """
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    lost = asyncio.Event()

    class Http(WebSocketProtocol):
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            assert self not in self.connections
            lost.set()

    class First(asyncio.Protocol):
        def __init__(self, *, app: Any, connections: set[object], **others: Any) -> None:
            self._make = lambda: Http(app=app, connections=connections, **others)

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self._transport = transport

        def data_received(self, data: bytes) -> None:
            protocol = self._make()
            assert protocol.request_timeout == 7
            self._transport.set_protocol(protocol)
            protocol.connection_made(self._transport)
            assert protocol in protocol.connections
            protocol.data_received(data)

    async with stage(First, REQUEST_TIMEOUT=7) as on:
        reader, writer = await on.dial(GET)
        assert (await read_answer(reader)).startswith(b"http/1.1 200 ")
        writer.close()
        await lost.wait()


@assumes(
    "sanic",
    "AsyncioServer.connections",
    "AsyncioServer.server",
    "AsyncioServer.startup",
    "AsyncioServer.start_serving",
    "SanicProtocol.abort",
    "HttpProtocol.close_if_idle",
    where=SERVER,
    breaks="a node that stops cuts requests short, or waits for idle connections",
)
async def test_a_server_gives_its_sockets_and_its_connections_and_each_can_be_closed_if_idle() -> None:
    """`AsyncioServer.server` is asyncio's, and `connections` holds the protocols of all connections, each of
    which closes by `close_if_idle()` only if no request is under way.
    """
    from sanic.http import Http
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    begun = asyncio.Event()

    class Heads(Http):
        async def http1_request_header(self) -> None:
            await super().http1_request_header()
            if self.request.method == "POST":
                begun.set()

    class Protocol(WebSocketProtocol):
        HTTP_CLASS = Heads

    async with stage(Protocol) as on:
        assert isinstance(on.server.server, asyncio.Server)
        assert on.server.server.is_serving()
        idle, idle_writer = await on.dial(GET)
        await read_answer(idle)
        busy, busy_writer = await on.dial(POST)
        await begun.wait()
        assert sorted(each.close_if_idle() for each in list(on.server.connections)) == [False, True]
        assert not await idle.read()
        busy_writer.write(b"12345")
        assert (await read_answer(busy)).startswith(b"http/1.1 200 ")
        idle_writer.close()
        busy_writer.close()
