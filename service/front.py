"""What a connection is before it has said anything, and how it becomes what it wants to be.

An upgrade to `hubbub.v1` becomes a `Link` at once, or is turned away at once. Everything else becomes a
connection of Sanic's HTTP (`service/lean.py`), whose websocket route takes the upgrades of other kinds.

Sanic's way to a websocket makes two tasks, a request, a dozen signals and two events, of which it keeps some
as long as the connection lives; this way makes none of them.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from sanic import Sanic
from typing_extensions import override

from hubbub_protocol import Close
from service import knock
from service.lean import LeanProtocol, Sockets, make_link


class Front(asyncio.Protocol):
    """A connection that has not said yet what it wants.

    Args:
        app: Sanic's, with the settings and what the node hands to its connections (`service/app.py`).
        connections: all sockets of the server.
        others: what else Sanic's protocols are made from.
    """

    __slots__ = ("_app", "_connections", "_others", "_patience", "_timer", "_transport", "_turned")

    def __init__(self, *, app: Sanic, connections: Sockets, **others: Any) -> None:  # type: ignore[type-arg]  # noqa: ANN401 - Sanic's to know
        self._app = app
        self._connections = connections
        self._others = others
        self._timer: asyncio.TimerHandle | None = None
        # Until when its turn is to come, once it waits for it.
        self._patience: float | None = None
        # It was told to come back: nothing that it says counts.
        self._turned = False

    # asyncio's callbacks --------------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Learn that a connection came in. Beyond what the node can bear it's dropped unheard."""
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        if len(self._connections) > self._app.config.SOCKETS:
            self._app.ctx.metrics.closed.add(int(Close.FULL))
            self.abort()
        else:
            self._abort_after(self._app.config.REQUEST_TIMEOUT)

    @override
    def data_received(self, data: bytes) -> None:
        """Take the first bytes: they say what it is."""
        if self._turned:
            return
        if self._patience is not None:
            # Whoever goes on talking ahead of the answer doesn't keep to the RFC.
            self.abort()
            return
        asked = knock.read(data)
        if asked is None:
            self._become_http(data)
        else:
            self._ask(asked)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Learn that the transport is gone."""
        self._go()

    # Called by Sanic and the server ---------------------------------------------------------------

    def close_if_idle(self) -> bool:
        """Learn that the server stops. One that was turned away may read so yet; that has its own limit."""
        if not self._turned:
            self.abort()
        return not self._turned

    def abort(self) -> None:
        """Drop the transport without a word."""
        self._transport.abort()

    # ----------------------------------------------------------------------------------------------

    def _become_http(self, data: bytes) -> None:
        self._go()
        protocol = LeanProtocol(app=self._app, connections=self._connections, **self._others)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def _ask(self, asked: knock.Knock) -> None:
        """Let it in, have it wait for its turn if that's soon, or tell it when to come back."""
        admission = self._app.ctx.admission
        # Whoever was given a time a moment ago, and waited for it here, has booked it too.
        wait = admission.ask(booked=asked.booked or self._patience is not None)
        if not wait:
            self._become_link(asked)
            return
        if self._patience is None:
            self._patience = admission.patience()
        if admission.is_too_late(wait, self._patience):
            self._turn_away(asked, wait)
        else:
            self._stop_timer()
            self._timer = asyncio.get_running_loop().call_later(wait, self._ask, asked)

    def _become_link(self, asked: knock.Knock) -> None:
        self._go()
        self._transport.write(knock.welcome(asked.key))
        link = make_link(self._app, self._transport, self._connections)
        self._app.ctx.admit(link, asked)

    def _turn_away(self, asked: knock.Knock, wait: float) -> None:
        self._turned = True
        self._app.ctx.admission.turn_away(wait)
        self._app.ctx.metrics.closed.add(int(Close.FULL))
        self._transport.write(knock.turn_away(asked.key, wait))
        # By half: whole, it would be reset as soon as the peer answers, which might then never read why.
        self._transport.write_eof()
        self._abort_after(self._app.config.CLOSE_SECONDS)

    def _go(self) -> None:
        self._connections.discard(self)
        self._stop_timer()

    def _abort_after(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
