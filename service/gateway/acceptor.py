"""An accepted socket before its first bytes, and what it becomes.

A handshake for `hubbub.v1` becomes a `WebSocket` at once, or is rejected at once. Everything else becomes a
connection of Sanic's HTTP (`service/gateway/http_protocol.py`), whose websocket route takes the other kinds
of handshakes.

Sanic's own way to a websocket creates two tasks, a request, a dozen signals and two events, and keeps some of
them as long as the connection lives. This way creates none of them.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any, Final, cast

from typing_extensions import override

from hubbub_protocol import Close
from service.gateway import handshake
from service.gateway.admission import PendingHandshake
from service.gateway.attach import attach_session
from service.gateway.gateway import Decision, Gateway, Sockets
from service.gateway.handshake import UpgradeRequest
from service.gateway.http_protocol import HttpProtocol
from service.gateway.peer_address import peer_address
from service.identity.address_limits import SocketPlace

# The requests that a node answers at its limit of sockets. Their first bytes come with the connection.
_PROBES: Final = tuple(
    f"{method} {path}".encode() for method in ("GET", "HEAD") for path in ("/health/", "/metrics")
)

_log: Final = logging.getLogger(__name__)


class Acceptor(asyncio.Protocol):
    """An accepted socket that has sent nothing yet.

    Args:
        gateway: the node that owns the port.
        connections: all sockets of the server.
        sanic: the other arguments of Sanic's protocols.
    """

    __slots__ = (
        "_gateway",
        "_peer",
        "_pending",
        "_place",
        "_probe_only",
        "_rejected",
        "_sanic",
        "_sockets",
        "_timer",
        "_transport",
        "_waiting",
    )

    def __init__(self, gateway: Gateway, *, connections: Sockets, **sanic: Any) -> None:  # noqa: ANN401 - Sanic's own arguments
        self._gateway = gateway
        self._sockets = connections
        self._sanic = sanic
        self._timer: asyncio.TimerHandle | None = None
        self._place: SocketPlace | None = None
        self._pending: PendingHandshake | None = None
        # The first bytes of HTTP, until they have their turn.
        self._waiting = b""
        # The node has reached its limit of sockets.
        self._probe_only = False
        # The client was rejected: its further bytes are ignored.
        self._rejected = False

    # asyncio's callbacks --------------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the socket. Beyond the node's limit of sockets it may only ask for health or metrics."""
        self._transport = cast(asyncio.Transport, transport)
        self._sockets.add(self)
        self._peer = peer_address(self._transport)
        node = self._gateway.node
        # All clients behind a proxy have its address, as far as is known before their requests.
        if not node.addresses.is_proxy(self._peer):
            self._place = node.address_limits.open_socket(node.addresses.find(self._peer))
            if self._place is None:
                node.metrics.address_limited.add("sockets")
                self._rejected = True
                self.abort()
                return
        tuning, excess = node.tuning, len(self._sockets) - node.limits.sockets
        if excess <= 0:
            self._timer = asyncio.get_running_loop().call_later(tuning.request_seconds, self.abort)
        elif excess <= tuning.probe_sockets:
            self._probe_only = True
            self._timer = asyncio.get_running_loop().call_later(tuning.probe_seconds, self._abort_excess)
        else:
            self._abort_excess()

    @override
    def data_received(self, data: bytes) -> None:
        """Decide by the first bytes what the connection becomes."""
        if self._rejected:
            return
        if self._probe_only and not data.startswith(_PROBES):
            self._abort_excess()
            return
        if self._pending is not None:
            # RFC 6455 forbids frames before the response to the handshake.
            self.abort()
            return
        if data.startswith(handshake.TLS_RECORD):
            # It waits for a reply to its ClientHello, as Sanic would for the end of a head.
            self._end_with(handshake.NO_TLS)
            return
        request = handshake.read(data)
        if request is None or self._gateway.policy.fault(request.origin, request.host) is not None:
            # The full path explains what is wrong.
            self._become_http_in_turn(data)
            return
        address = self._gateway.node.addresses.find(self._peer, request.forwarded)
        on_decision = partial(self._on_decision, request, address)
        self._pending = self._gateway.decide(address, claims_slot=request.booked, on_decision=on_decision)
        if self._pending is not None:
            self._stop_timer()

    def take_turn(self) -> None:
        """Become a connection of HTTP, unless the socket is lost."""
        data, self._waiting = self._waiting, b""
        if data and not self._transport.is_closing():
            self._become_http(data)
            self._transport.resume_reading()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Unregister the socket."""
        self._waiting = b""
        self._unregister()

    # Called by Sanic and the server ---------------------------------------------------------------

    def close_if_idle(self) -> bool:
        """Abort when the server stops, unless the client was rejected and may not have read that yet."""
        if not self._rejected:
            self.abort()
        return not self._rejected

    def abort(self) -> None:
        """Close the transport without a response."""
        self._transport.abort()

    # ----------------------------------------------------------------------------------------------

    def _abort_excess(self) -> None:
        node = self._gateway.node
        node.metrics.connections_closed.add(int(Close.FULL))
        node.metrics.sockets_aborted += 1
        _log.warning("socket_limit_reached", extra={"limit": node.limits.sockets})
        self._rejected = True
        self.abort()

    def _become_http_in_turn(self, data: bytes) -> None:
        """Become a connection of HTTP, which costs as much as a request: if others wait, after them."""
        if not self._gateway.turns:
            self._become_http(data)
            return
        self._waiting = data
        self._transport.pause_reading()
        self._gateway.turns.add(self)

    def _become_http(self, data: bytes) -> None:
        place, self._place = self._place, None
        self._unregister()
        protocol = HttpProtocol(self._gateway, place, connections=self._sockets, **self._sanic)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def _on_decision(self, request: UpgradeRequest, address: str, decision: Decision) -> None:
        """Answer the handshake."""
        # It refers to this object: without a cycle, both are freed at once.
        self._pending = None
        if decision.wait:
            self._reject(request, decision)
            return
        self._unregister()
        self._transport.write(handshake.response(request.key))
        websocket = self._gateway.make_websocket(self._transport, self._sockets)
        attach_session(self._gateway, websocket, address)

    def _reject(self, request: UpgradeRequest, decision: Decision) -> None:
        self._gateway.node.metrics.connections_closed.add(int(Close.FULL))
        self._end_with(handshake.rejection(request.key, decision.wait, booked=decision.booked))

    def _end_with(self, response: bytes) -> None:
        self._rejected = True
        self._transport.write(response)
        # Only the sending side: a full close would reset the connection when the client answers, and the
        # client might never read the reason.
        self._transport.write_eof()
        self._abort_after(self._gateway.node.settings.close_seconds)

    def _unregister(self) -> None:
        self._sockets.discard(self)
        self._stop_timer()
        if self._place is not None:
            self._place.release()
        if self._pending is not None:
            self._pending.cancel()

    def _abort_after(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
