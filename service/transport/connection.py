"""One client's connection as the rest of the node sees it: output, input, and the slow consumer's time limit.

Below it is a `WebSocket` (`service/transport/websocket.py`), above it a session of one of the codecs. A slow
consumer is paused in all its rooms at once: its members share the socket.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import Final, Protocol

from hubbub_protocol import Close
from service.runtime.metrics import Metrics
from service.transport.input_budget import InputBudget, InputRate
from service.transport.output import SocketOutput, Write
from service.wire.codecs import Codec

_log: Final = logging.getLogger(__name__)


class Socket(Protocol):
    """What a connection needs of the socket below it."""

    write: Write

    def close(self, code: int, reason: str, *, read: bool = True) -> None:
        """Begin the closing handshake; the socket is gone within a time limit.

        Without `read` all further input is dropped, also the peer's close frame.
        """

    def pause_reading(self) -> None:
        """Stop reading input."""

    def resume_reading(self) -> None:
        """Read input again."""


class Receiver(Protocol):
    """What receives the input of a connection: a session."""

    @property
    def user_id(self) -> str | None:
        """The id of the user, once it is known."""

    @property
    def token_id(self) -> str | None:
        """The id of the token (`jti`), if there is one."""

    def receive(self, text: str) -> None:
        """Take one text message."""

    def resumed(self) -> None:
        """Continue: the transport accepts output again."""

    def ended(self) -> None:
        """Clean up: the connection is gone. Called once."""


class Connection(SocketOutput):
    """One client's socket with its limits.

    Attributes:
        accepts_input: whether more input is processed. While closing it is, for the peer's close frame.
        paused: the transport is above its high-water mark (slow consumer).
        input_paused: the session has too much to do, so nothing is read (backpressure).
        throttled: the client has sent more frames than its rate allows, so nothing is read (backpressure).
        address: where the client is, in the form in which its limits are shared.
        input_seen: input arrived since the last ping (see `service/transport/keepalive.py`).
    """

    __slots__ = (
        "_budget", "_close_code", "_lost", "_metrics", "_slow_seconds", "_slow_timer", "_socket",
        "_throttle_timer", "accepts_input", "address", "closing", "codec", "input_paused", "input_seen",
        "paused", "receiver", "throttled",
    )  # fmt: skip

    def __init__(
        self,
        socket: Socket,
        codec: Codec,
        metrics: Metrics,
        slow_seconds: float,
        rate: InputRate,
        *,
        address: str = "",
    ) -> None:
        """Write to `socket`; close the connection when it reads too slowly for `slow_seconds`.

        `rate` limits its frames.
        """
        super().__init__(socket.write)
        self._socket = socket
        self._metrics = metrics
        self._slow_seconds = slow_seconds
        self._slow_timer: asyncio.TimerHandle | None = None
        self._budget = InputBudget(rate)
        self._throttle_timer: asyncio.TimerHandle | None = None
        self.input_paused = self.throttled = False
        self.accepts_input = True
        self._close_code: Close | int | None = None
        self._lost = False
        self.address = address
        self.codec = codec
        self.paused = False
        self.input_seen = True
        self.closing = False
        self.receiver: Receiver | None = None

    def close(self, code: Close, reason: str) -> None:
        """Close with a code for the client. Nothing is written after it."""
        if not self.closing:
            # The peer's close frame must be read, even if input is paused. A flood must not be.
            self._begin_closing(code, reason, read=code is not Close.FLOODING)

    def _begin_closing(self, code: Close, reason: str, *, read: bool) -> None:
        self.flush()
        self._close_code = code
        self.closing = self.accepts_input = True
        self.stop_output()
        self._socket.close(code, reason, read=read)

    def input_failed(self) -> None:
        """Log the exception that is being handled, and close."""
        _log.exception("input_failed")
        self.close(Close.INTERNAL, "internal server error; reconnect")

    def charge(self, tokens: float) -> None:
        """Take tokens for input. Above the rate the client is not read until they are refilled."""
        now = monotonic()
        if not self._budget.spend(tokens, now):
            self._throttle(now)

    def pause_input(self) -> None:
        """Read no input, because the session has too much to do (backpressure)."""
        if not self.input_paused:
            self.input_paused = True
            self._metrics.backpressure += 1
            self._update_reading()

    def resume_input(self) -> None:
        """Read input again."""
        if self.input_paused:
            self.input_paused = False
            self._update_reading()

    # Called by the socket -------------------------------------------------------------------------

    def received(self, text: str, tokens: int = 0) -> None:
        """Take one text message, and tokens for it, unless they are charged with other frames."""
        if self.receiver is not None and not self.closing:
            self.receiver.receive(text)
        # As `charge`, without its call.
        if tokens and not self._budget.spend(tokens, now := monotonic()):
            self._throttle(now)

    def pause(self) -> None:
        """Treat the client as a slow consumer: the transport is above its high-water mark.

        Nothing is read until it has drained, because each command has a response.
        """
        if self.paused or self.closing:
            return
        self.paused = True
        self._update_reading()
        loop = asyncio.get_running_loop()
        self._slow_timer = loop.call_later(self._slow_seconds, self._slow_too_long)

    def resume(self) -> None:
        """Continue: the transport's buffer has drained."""
        if not self.paused:
            return
        self.paused = False
        # The client reads, so it is alive, even if its pong is queued behind other frames.
        self.input_seen = True
        self._stop_slow_timer()
        self._update_reading()
        if self.receiver is not None and not self.closing:
            self.receiver.resumed()

    def lost(self, code: int) -> None:
        """Clean up: the socket is gone. `code` is the peer's close code, 1006 without one. Idempotent."""
        if self._lost:
            return
        self._lost = self.closing = self.accepts_input = True
        self.stop_output()
        self._stop_slow_timer()
        if self._throttle_timer is not None:
            self._throttle_timer.cancel()
        self._metrics.connections_closed.add(int(self._close_code or code))
        receiver, self.receiver = self.receiver, None
        if receiver is not None:
            receiver.ended()

    # ----------------------------------------------------------------------------------------------

    def _update_reading(self) -> None:
        if self.closing:
            return
        self.accepts_input = not (self.paused or self.input_paused or self.throttled)
        if self.accepts_input:
            self._socket.resume_reading()
        else:
            self._socket.pause_reading()

    def _throttle(self, now: float) -> None:
        if self.throttled or self.closing:
            return
        if self._budget.is_flooding(now):
            self.close(Close.FLOODING, "too many frames for too long; reconnect later and send less")
            return
        self.throttled = True
        self._metrics.input_throttled += 1
        self._update_reading()
        loop = asyncio.get_running_loop()
        self._throttle_timer = loop.call_later(self._budget.wait(now), self._refilled)

    def _refilled(self) -> None:
        self._throttle_timer = None
        self._budget.refilled(monotonic())
        self.throttled = False
        # The pause was ours, so the client counts as alive.
        self.input_seen = True
        self._update_reading()

    def _slow_too_long(self) -> None:
        self._slow_timer = None
        self.close(Close.LAGGING, "slow consumer: the client reads too slowly; reconnect to resume")

    def _stop_slow_timer(self) -> None:
        if self._slow_timer is not None:
            self._slow_timer.cancel()
            self._slow_timer = None
