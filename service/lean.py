"""The lean websocket protocol under Sanic's route.

Sanic's own implementation runs several tasks and locks for each connection, and two tasks for each received
message. This subclass keeps Sanic's HTTP and its routing, and hands the transport over to a `Link` at the
upgrade. Once the route's handler has returned, Sanic's part is gone; the link and the session are left.
Upgrades to `hubbub.v1` don't even come here, if they're as they should be (`service/front.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from sanic import Sanic
from sanic.compat import Header
from sanic.exceptions import ServiceUnavailable
from sanic.http import Http
from sanic.server.protocols.websocket_protocol import WebSocketProtocol
from typing_extensions import override

from hubbub_protocol import Close
from service.knock import says_booked
from service.link import Link
from service.upgrading import accept, check_body

if TYPE_CHECKING:
    from sanic.request import Request

# What a server holds: each can be told `close_if_idle` and `abort`.
Sockets: TypeAlias = set[object]

# Where the websocket is.
WEBSOCKET: Final = "/ws"
_UNSAID: Final = "alt-svc"


class Detached:
    """What Sanic holds in place of its websocket: it lets the link live on when the handler returns."""

    __slots__ = ("link", "wait")

    def __init__(self, link: Link, wait: float) -> None:
        self.link = link
        # Seconds after which the client is to come back, for too many come now; 0.0 lets it in.
        self.wait = wait

    async def close(self, _code: int = 1000) -> None:
        """Learn that the handler returned. One that attached nobody failed."""
        if not self.link.attached:
            self.link.close(Close.INTERNAL, "the server could not open the connection")

    def end_connection(self, _code: int = 1000) -> None:
        """Learn that the handler was cancelled: the connection is lost, or the server stops."""
        if not self.link.attached:
            self.link.abort()


class _Said(Header):
    """The headers of a response, but for the empty one that Sanic adds if it may not rewrite itself."""

    @override
    def __setitem__(self, key: str, value: str) -> None:
        if key != _UNSAID:
            super().__setitem__(key, value)


class Requests(Http):
    """Sanic's HTTP, which tells the protocol where a request ends and the next one begins."""

    @override
    async def http1_request_header(self) -> None:
        """Take the head of a request; its body would be read ahead of asking the route."""
        await super().http1_request_header()  # type: ignore[no-untyped-call]
        if self.upgrade_websocket and self.request.path == WEBSOCKET:
            check_body(self.request)

    @override
    async def http1_response_header(self, data: bytes, end_stream: bool) -> None:
        """Write the head of a response, and its body if that's at hand."""
        if self.response is not None:
            self.response.headers = _Said(self.response.headers)
        await super().http1_response_header(data, end_stream)

    @override
    def init_for_request(self) -> None:
        super().init_for_request()  # type: ignore[no-untyped-call]
        cast(LeanProtocol, self.protocol).request_expected()


class LeanProtocol(WebSocketProtocol):
    """Sanic's HTTP protocol, with a `Link` behind the upgrade, and with bounds.

    Sanic's timers begin anew with each byte, so a client that drips would stay for ever: here each request
    has a deadline, from its first byte until it's answered or upgraded. Sockets beyond those that the node
    can bear are dropped before they have said anything.
    """

    HTTP_CLASS = Requests

    __slots__ = ("_deadline", "_upgraded")

    _deadline: asyncio.TimerHandle | None
    # The transport is a link's now.
    _upgraded: bool

    @override
    async def websocket_handshake(
        self, request: Request, subprotocols: Sequence[str] | None = None
    ) -> Detached:
        """Answer the upgrade (RFC 6455, 4.2).

        Raises:
            SanicException: it's no upgrade, or one that the RFC refuses; the text says what was expected.
        """
        response, subprotocol = accept(request, subprotocols or ())
        wait = await self.app.ctx.admission.wait(booked=says_booked(request.query_string))
        if wait and subprotocol is None:
            # Plain clients can't be told in a frame; a proxy may try another node.
            raise ServiceUnavailable("too many come at once", quiet=True, headers={"Retry-After": ceil(wait)})
        head = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n"]
        head += [f"{name}: {value}\r\n" for name, value in response.headers.raw_items()]
        transport = cast(asyncio.Transport, self.transport)
        transport.write("".join([*head, "\r\n"]).encode())
        # Sanic may have paused reading for its own buffer.
        transport.resume_reading()
        return Detached(self._become_link(transport), wait)

    # asyncio's callbacks --------------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Learn that this connection speaks HTTP."""
        self._deadline = None
        self._upgraded = False
        super().connection_made(transport)  # type: ignore[no-untyped-call]

    @override
    def data_received(self, data: bytes) -> None:
        """Take bytes of a request."""
        super().data_received(data)  # type: ignore[no-untyped-call]
        if self._deadline is None:
            self._start_deadline()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Learn that the transport is gone."""
        self._stop_deadline()
        super().connection_lost(exc)  # type: ignore[no-untyped-call]

    # Sanic's own ----------------------------------------------------------------------------------

    def request_expected(self) -> None:
        """Learn that a request is answered and the next one may come; its first bytes may be here already."""
        self._stop_deadline()
        if self.recv_buffer:
            self._start_deadline()

    @override
    def close(self, timeout: float | None = None) -> None:
        """Learn that the HTTP task is over. With a link the transport lives on."""
        if not self._upgraded:
            super().close(timeout)

    # ----------------------------------------------------------------------------------------------

    def _become_link(self, transport: asyncio.Transport) -> Link:
        self._upgraded = True
        self._stop_deadline()
        if timer := cast("asyncio.TimerHandle | None", self._callback_check_timeouts):
            timer.cancel()
        sockets = cast(Sockets, self.connections)
        sockets.discard(self)
        link = make_link(self.app, transport, sockets)
        if self.recv_buffer:
            link.data_received(bytes(self.recv_buffer))
            self.recv_buffer = bytearray()
        return link

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(self.request_timeout, self._drop)

    def _drop(self) -> None:
        self.app.ctx.metrics.requests_dropped += 1
        cast(asyncio.Transport, self.transport).abort()

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def make_link(app: Sanic, transport: asyncio.Transport, sockets: Sockets) -> Link:  # type: ignore[type-arg]
    """Make an upgraded transport a link's."""
    config = app.config
    transport.set_write_buffer_limits(high=config.WRITE_BUFFER_BYTES)
    link = Link(transport, config.WEBSOCKET_MAX_SIZE, config.CLOSE_SECONDS, sockets)
    transport.set_protocol(link)
    return link
