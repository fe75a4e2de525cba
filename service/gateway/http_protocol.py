"""Sanic's HTTP protocol with time limits, and with our own websocket at its route.

Sanic's own websocket runs several tasks and locks for each connection, and two tasks for each message. This
subclass keeps Sanic's HTTP and routing, and hands the transport to a `WebSocket` at the upgrade. When the
route's handler has returned, nothing of Sanic is left but the `WebSocket` and its session.

The library internals that are overridden here are listed in `docs/library-internals.md`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from sanic.compat import Header
from sanic.exceptions import BadRequest, Forbidden, PayloadTooLarge, ServiceUnavailable
from sanic.server.protocols.websocket_protocol import WebSocketProtocol
from typing_extensions import override

from hubbub_protocol import Close, Code
from service.gateway import request_head
from service.gateway.attach import SUBPROTOCOL, Rejected
from service.gateway.full_handshake import accept, check_body
from service.gateway.gateway import Decision, Gateway, Sockets
from service.gateway.handshake import RATE_EXCEEDED, has_booked_slot
from service.gateway.invalid_requests import HeadTooLarge
from service.gateway.peer_address import peer_address
from service.gateway.request_body import BodyInShares
from service.gateway.upgraded_socket import UpgradedSocket
from service.identity.address_limits import SocketPlace
from service.identity.addresses import client_address

if TYPE_CHECKING:
    from sanic.request import Request

    from service.transport.websocket import WebSocket

# The path of the websocket.
WEBSOCKET: Final = "/ws"
_OMITTED: Final = "alt-svc"
# A log line quotes so many characters of a header.
_MAX_LOGGED: Final = 100
_HEAD_END: Final = b"\r\n\r\n"

_log: Final = logging.getLogger(__name__)


class _ResponseHeaders(Header):
    """The headers of a response, without the empty one that Sanic adds when `TOUCHUP` is off."""

    @override
    def __setitem__(self, key: str, value: str) -> None:
        if key != _OMITTED:
            super().__setitem__(key, value)


class HttpRequests(BodyInShares):
    """Sanic's HTTP/1 parser, which reports to the protocol when it expects the next request."""

    @override
    async def http1_request_header(self) -> None:
        """Parse the head of a request, after a strict check; check a handshake before its body is read."""
        # Also an invalid request: it costs as much as others, and its answer.
        await self._receive_head()
        await self._wait(cast(HttpProtocol, self.protocol).wait_for_turn())
        self._check_head()
        try:
            await super().http1_request_header()  # type: ignore[no-untyped-call]
        except PayloadTooLarge as error:
            cast(HttpProtocol, self.protocol).head_rejected()
            raise HeadTooLarge from error
        except BadRequest as error:
            if self.request is None:
                self._reject_head("the request target is malformed", error)
            raise
        if self.upgrade_websocket and self.request.path == WEBSOCKET:
            check_body(self.request)

    async def _receive_head(self) -> None:
        """Wait for a head. Sanic rejects one that is too long."""
        buffer = self.recv_buffer
        while buffer.find(_HEAD_END) < 0 and len(buffer) < self.HEADER_MAX_SIZE:
            await self._receive_more()

    def _check_head(self) -> None:
        """Reject a head that is malformed."""
        buffer = self.recv_buffer
        end = buffer.find(_HEAD_END)
        fault = request_head.find_fault(bytes(buffer[:end])) if end >= 0 else None
        if fault is not None:
            self._reject_head(fault, None)

    def _reject_head(self, fault: str, cause: Exception | None) -> NoReturn:
        # Sanic makes a request for its own answer, and would fail to make it for a malformed target.
        self.url = None
        cast(HttpProtocol, self.protocol).count_invalid(fault)
        raise BadRequest(f"Invalid request: {fault}.", quiet=True) from cause

    @staticmethod
    @override
    def _safe_int(value: str, base: int = 10) -> int:
        return request_head.parse_size(value, base)

    @override
    async def http1_response_header(self, data: bytes, end_stream: bool) -> None:
        """Write the head of a response, and its body if it is available."""
        if self.response is not None:
            self.response.headers = _ResponseHeaders(self.response.headers)
        await super().http1_response_header(data, end_stream)

    @override
    def init_for_request(self) -> None:
        super().init_for_request()  # type: ignore[no-untyped-call]
        cast(HttpProtocol, self.protocol).request_expected()


class HttpProtocol(WebSocketProtocol):
    """Sanic's HTTP protocol, with a `WebSocket` after the upgrade, and with a deadline for each request.

    Sanic's own timers restart with each byte, so a slow client could keep a request open without end. Here a
    request has a deadline, from its first byte until it is answered or upgraded.
    """

    HTTP_CLASS = HttpRequests

    __slots__ = ("_address", "_deadline", "_gateway", "_place", "_upgraded")

    # The address whose requests are limited; None for a proxy.
    _address: str | None

    _deadline: asyncio.TimerHandle | None
    # The transport belongs to a `WebSocket` now.
    _upgraded: bool

    def __init__(
        self,
        gateway: Gateway,
        place: SocketPlace | None,
        **sanic: Any,  # noqa: ANN401 - Sanic's own arguments
    ) -> None:
        super().__init__(**sanic)
        self._gateway = gateway
        self._place = place

    @override
    async def websocket_handshake(
        self, request: Request, subprotocols: Sequence[str] | None = None
    ) -> UpgradedSocket:
        """Answer the handshake (RFC 6455, 4.2).

        Raises:
            SanicException: the request is no valid handshake; the text says why.
        """
        response, subprotocol = accept(request, (SUBPROTOCOL,))
        self._check_origin(request)
        address = client_address(self._gateway.node.addresses, request)
        rejected = await self._admit(address, request.query_string)
        if rejected and subprotocol is None:
            # Plain clients don't understand the `drain` event, but a proxy may try another node.
            raise ServiceUnavailable(str(rejected), quiet=True, headers={"Retry-After": ceil(rejected.wait)})
        head = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n"]
        head += [f"{name}: {value}\r\n" for name, value in response.headers.raw_items()]
        transport = cast(asyncio.Transport, self.transport)
        transport.write("".join([*head, "\r\n"]).encode())
        # Sanic may have paused reading for its own buffer.
        transport.resume_reading()
        return UpgradedSocket(self._become_websocket(transport), address, rejected)

    async def _admit(self, address: str, query: str) -> Rejected | None:
        """Wait for the decision on a handshake."""
        decision: asyncio.Future[Decision] = self.loop.create_future()
        pending = self._gateway.decide(
            address, claims_slot=has_booked_slot(query), on_decision=decision.set_result
        )
        try:
            wait, booked = await decision
        finally:
            if pending is not None:
                pending.cancel()
        return Rejected(Close.FULL, RATE_EXCEEDED, wait, booked=booked) if wait else None

    # asyncio's callbacks --------------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to receive requests."""
        self._deadline = None
        self._upgraded = False
        peer, addresses = peer_address(transport), self._gateway.node.addresses
        self._address = None if addresses.is_proxy(peer) else addresses.find(peer)
        super().connection_made(transport)  # type: ignore[no-untyped-call]

    @override
    def data_received(self, data: bytes) -> None:
        """Parse bytes of a request, and start its deadline."""
        super().data_received(data)  # type: ignore[no-untyped-call]
        if self._deadline is None:
            self._start_deadline()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the deadline of the request."""
        self._stop_deadline()
        self._release_place()
        super().connection_lost(exc)  # type: ignore[no-untyped-call]

    # Called by Sanic ------------------------------------------------------------------------------

    def request_expected(self) -> None:
        """Stop the deadline of the answered request. Bytes of the next one may have arrived already."""
        self._stop_deadline()
        if self.recv_buffer:
            self._start_deadline()

    async def wait_for_turn(self) -> None:
        """Wait until the address may send another request, and then for a turn among all connections."""
        node, address = self._gateway.node, self._address
        if address is not None and await node.address_limits.wait_for_request(address):
            node.metrics.address_limited.add("requests")
        await self.wait_for_share()

    async def wait_for_share(self) -> None:
        """Wait for a turn among all connections."""
        await self._gateway.turns.wait()

    def extend_deadline(self, seconds: float) -> None:
        """Give the request under way so many seconds from now on: it has a large body, or a large answer."""
        self._stop_deadline()
        self._deadline = self.loop.call_later(seconds, self._abort_late)

    def count_invalid(self, reason: str) -> None:
        """Count a request whose head is invalid."""
        self._gateway.invalid_requests.add(self._gateway.node.metrics, reason)

    @override
    def close(self, timeout: float | None = None) -> None:
        """End the HTTP connection, unless its transport was upgraded."""
        if not self._upgraded:
            super().close(timeout)

    def head_rejected(self) -> None:
        """Count a request whose head is too large."""
        self._gateway.node.metrics.error_responses.add(Code.TOO_LONG)

    # ----------------------------------------------------------------------------------------------

    def _check_origin(self, request: Request) -> None:
        origin, host = request.headers.get("origin"), request.headers.get("host", "")
        fault = self._gateway.policy.fault(origin, host)
        if fault is None:
            return
        self._gateway.node.metrics.error_responses.add(Code.FORBIDDEN)
        shown = {"origin": (origin or "")[:_MAX_LOGGED], "host": host[:_MAX_LOGGED]}
        _log.warning("handshake_refused", extra={"reason": fault, **shown})
        raise Forbidden(f"Refused: {fault}.", quiet=True)

    def _become_websocket(self, transport: asyncio.Transport) -> WebSocket:
        self._upgraded = True
        self._stop_deadline()
        self._release_place()
        if timer := cast("asyncio.TimerHandle | None", self._callback_check_timeouts):
            timer.cancel()
        sockets = cast(Sockets, self.connections)
        sockets.discard(self)
        websocket = self._gateway.make_websocket(transport, sockets)
        if self.recv_buffer:
            websocket.data_received(bytes(self.recv_buffer))
            self.recv_buffer = bytearray()
        return websocket

    def _release_place(self) -> None:
        if self._place is not None:
            self._place.release()

    def _start_deadline(self) -> None:
        self._deadline = self.loop.call_later(self.request_timeout, self._abort_late)

    def _abort_late(self) -> None:
        self._gateway.node.metrics.http_requests_timed_out += 1
        cast(asyncio.Transport, self.transport).abort()

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
