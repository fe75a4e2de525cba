"""The lean websocket protocol under Sanic's route.

Sanic's own implementation runs several tasks and locks for each connection, and two tasks for each received
message. This subclass keeps Sanic's HTTP and its routing, and puts a `Link` in place of the rest. Once the
route's handler has returned, Sanic's tasks and the request are gone; what is left is the protocol object, the
link and the session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Final, cast

from sanic.exceptions import BadRequest, SanicException, ServiceUnavailable
from sanic.http import Http
from sanic.server.protocols.websocket_protocol import WebSocketProtocol
from typing_extensions import override
from websockets.exceptions import InvalidHeader, NegotiationError
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from hubbub_protocol import Close
from service.doorstep import key_of, turn_away
from service.link import Link

if TYPE_CHECKING:
    from sanic.request import Request

UPGRADE_REQUIRED: Final = 426
SWITCHING: Final = 101


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


class Requests(Http):
    """Sanic's HTTP, which tells the protocol where a request ends and the next one begins."""

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

    __slots__ = ("_asked", "_deadline", "_link", "_turned")

    # What admission said to this connection already.
    _asked: float | None
    _deadline: asyncio.TimerHandle | None
    _link: Link | None
    # It was turned away: nothing that it says counts.
    _turned: bool

    @override
    async def websocket_handshake(
        self, request: Request, subprotocols: Sequence[str] | None = None
    ) -> Detached:
        """Answer the upgrade (RFC 6455, 4.2).

        Raises:
            SanicException: it's no upgrade, or one that the RFC refuses; the text says what was expected.
        """
        protocol = ServerProtocol(
            max_size=self.websocket_max_size,
            subprotocols=[Subprotocol(name) for name in subprotocols or ()],
            state=OPEN,
            select_subprotocol=_select,
        )
        try:
            asked = self.sanic_request_to_ws_request(request)
        except InvalidHeader as error:
            # It holds bytes that no header may, so the refusal can't quote it.
            raise BadRequest(f"the header {error.name!r} is not valid") from error
        response = protocol.accept(asked)
        if response.status_code != SWITCHING:
            raise SanicException(
                (response.body or b"").decode().strip(),
                status_code=response.status_code,
                quiet=True,
                headers={"Upgrade": "websocket"} if response.status_code == UPGRADE_REQUIRED else {},
            )
        wait = self.app.ctx.admission.ask() if self._asked is None else self._asked
        if wait and protocol.subprotocol is None:
            # Plain clients can't be told in a frame; a proxy may try another node.
            raise ServiceUnavailable("too many come at once", quiet=True, headers={"Retry-After": ceil(wait)})
        head = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n"]
        head += [f"{name}: {value}\r\n" for name, value in response.headers.raw_items()]
        transport = cast(asyncio.Transport, self.transport)
        transport.write("".join([*head, "\r\n"]).encode())
        transport.set_write_buffer_limits(high=self.app.config.WRITE_BUFFER_BYTES)
        # Sanic may have paused reading for its own buffer.
        transport.resume_reading()
        self._stop_deadline()
        self._link = Link(transport, self.websocket_max_size, self.app.config.CLOSE_SECONDS)
        rest = bytes(self.recv_buffer)
        self.recv_buffer = bytearray()
        if rest:
            self._link.received(rest)
        return Detached(self._link, wait)

    # asyncio's callbacks --------------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Learn that a connection came in: at first it speaks HTTP."""
        self._link = None
        self._deadline = None
        self._asked = None
        self._turned = False
        super().connection_made(transport)  # type: ignore[no-untyped-call]
        if len(self.connections) > self.app.config.SOCKETS:
            self.app.ctx.metrics.closed.add(int(Close.FULL))
            cast(asyncio.Transport, transport).abort()

    @override
    def data_received(self, data: bytes) -> None:
        """Take bytes: of the link once there is one, of HTTP before."""
        if self._link is None:
            if self._turned or (self._deadline is None and self._turn_away(data)):
                return
            super().data_received(data)  # type: ignore[no-untyped-call]
            if self._deadline is None:
                self._start_deadline()
            return
        self._link.received(data)

    @override
    def eof_received(self) -> bool | None:
        """Learn that the peer sends no more."""
        if self._link is not None:
            self._link.ended()
        return False

    @override
    def pause_writing(self) -> None:
        """Learn that the transport is over its high-water mark."""
        if self._link is None:
            super().pause_writing()  # type: ignore[no-untyped-call]
        else:
            self._link.pause()

    @override
    def resume_writing(self) -> None:
        """Learn that the transport's buffer has drained."""
        super().resume_writing()  # type: ignore[no-untyped-call]
        if self._link is not None:
            self._link.resume()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Learn that the transport is gone."""
        self._stop_deadline()
        link, self._link = self._link, None
        if link is not None:
            # The handler goes on: what the peer said before it went is still to be taken.
            self._task = None
        super().connection_lost(exc)  # type: ignore[no-untyped-call]
        if link is not None:
            link.lost()

    # Sanic's own ----------------------------------------------------------------------------------

    def request_expected(self) -> None:
        """Learn that a request is answered and the next one may come; its first bytes may be here already."""
        self._stop_deadline()
        if self.recv_buffer:
            self._start_deadline()

    @override
    def close(self, timeout: float | None = None) -> None:
        """Learn that the HTTP task is over: with a link, that is where its life begins."""
        if self._turned:
            return
        if self._link is None:
            super().close(timeout)
        elif timer := cast("asyncio.TimerHandle | None", self._callback_check_timeouts):
            timer.cancel()
            self._callback_check_timeouts = None

    @override
    def close_if_idle(self) -> bool:
        """Learn that the server stops. Links are closed by the node, which knows when and with which code."""
        if self._link is None:
            return bool(super().close_if_idle())  # type: ignore[no-untyped-call]
        return False

    # ----------------------------------------------------------------------------------------------

    def _turn_away(self, data: bytes) -> bool:
        """Ask whether an upgrade may come in, and answer here and now if not."""
        key = key_of(data)
        if key is None:
            return False
        self._asked = self.app.ctx.admission.ask()
        if not self._asked:
            return False
        self._turned = True
        self.app.ctx.metrics.closed.add(int(Close.FULL))
        transport = cast(asyncio.Transport, self.transport)
        transport.write(turn_away(key, self._asked))
        # By half: whole, it would be reset as soon as the peer answers, which might then never read why.
        transport.write_eof()
        self._deadline = self.loop.call_later(self.app.config.CLOSE_SECONDS, transport.abort)
        return True

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(self.request_timeout, self._drop)

    def _drop(self) -> None:
        self.app.ctx.metrics.requests_dropped += 1
        cast(asyncio.Transport, self.transport).abort()

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _select(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Choose a subprotocol. Without one the connection speaks the plain codec; unknown ones are refused."""
    known = protocol.available_subprotocols or ()
    if not offered:
        return None
    for name in known:
        if name in offered:
            return name
    raise NegotiationError("unknown subprotocol; expected " + " or none, or ".join(known))
