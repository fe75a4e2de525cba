"""An accepted socket before its first bytes, and what it becomes.

A handshake for `hubbub.v1` becomes a `WebSocket` at once, or is rejected at once. Everything else becomes a
connection of Sanic's HTTP (`service/gateway/http_protocol.py`), whose websocket route takes the other kinds
of handshakes.

Sanic's own way to a websocket creates two tasks, a request, a dozen signals and two events, and keeps some of
them as long as the connection lives. This way creates none of them.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

from typing_extensions import override

from hubbub_protocol import Close
from service.gateway import handshake
from service.gateway.admission import Waiting
from service.gateway.attach import attach_session
from service.gateway.gateway import Gateway, Sockets
from service.gateway.handshake import Handshake
from service.gateway.http_protocol import HttpProtocol


class Acceptor(asyncio.Protocol):
    """A socket that has sent nothing yet.

    Args:
        gateway: the node behind the port.
        connections: all sockets of the server.
        sanic: the other arguments of Sanic's protocols.
    """

    __slots__ = ("_gateway", "_rejected", "_sanic", "_sockets", "_timer", "_transport", "_waiting")

    def __init__(self, gateway: Gateway, *, connections: Sockets, **sanic: Any) -> None:  # noqa: ANN401 - Sanic's to know
        self._gateway = gateway
        self._sockets = connections
        self._sanic = sanic
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: Waiting | None = None
        # The client was rejected: its further bytes are ignored.
        self._rejected = False

    # asyncio's callbacks --------------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the socket. Beyond the node's limit of sockets it is aborted."""
        self._transport = cast(asyncio.Transport, transport)
        self._sockets.add(self)
        if len(self._sockets) > self._gateway.most_sockets:
            self._gateway.node.metrics.connections_closed.add(int(Close.FULL))
            self.abort()
        else:
            self._abort_after(self._gateway.node.tuning.request_seconds)

    @override
    def data_received(self, data: bytes) -> None:
        """Decide by the first bytes what the connection becomes."""
        if self._rejected:
            return
        if self._waiting is not None:
            # RFC 6455 forbids frames ahead of the response to the handshake.
            self.abort()
            return
        asked = handshake.read(data)
        if asked is None:
            self._become_http(data)
            return
        self._stop_timer()
        decided = partial(self._decided, asked)
        self._waiting = self._gateway.admission.enter(booked=asked.booked, decided=decided)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the socket."""
        self._leave()

    # Called by Sanic and the server ---------------------------------------------------------------

    def close_if_idle(self) -> bool:
        """Abort when the server stops, unless the client still has to read that it was rejected."""
        if not self._rejected:
            self.abort()
        return not self._rejected

    def abort(self) -> None:
        """Close the transport without a response."""
        self._transport.abort()

    # ----------------------------------------------------------------------------------------------

    def _become_http(self, data: bytes) -> None:
        self._leave()
        protocol = HttpProtocol(self._gateway, connections=self._sockets, **self._sanic)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def _decided(self, asked: Handshake, wait: float) -> None:
        """Answer the handshake."""
        if wait:
            self._reject(asked, wait)
            return
        self._leave()
        self._transport.write(handshake.response(asked.key))
        attach_session(self._gateway, self._gateway.make_websocket(self._transport, self._sockets), asked)

    def _reject(self, asked: Handshake, wait: float) -> None:
        self._rejected = True
        node = self._gateway.node
        node.metrics.connections_closed.add(int(Close.FULL))
        self._transport.write(handshake.rejection(asked.key, wait))
        # Only the sending side: a full close would reset the connection when the client answers, and the
        # client might never read the reason.
        self._transport.write_eof()
        self._abort_after(node.settings.close_seconds)

    def _leave(self) -> None:
        self._sockets.discard(self)
        self._stop_timer()
        if self._waiting is not None:
            self._waiting.cancel()

    def _abort_after(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
