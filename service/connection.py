"""One client's socket, as the rest of the node sees it: what is written to it, and how long it may lag.

The socket beneath is the lean one (`service/lean.py`) or Sanic's own (`service/stock.py`); above it stands a
session of one of the codecs. A connection's members are paused and resumed together: they share the socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from hubbub_protocol import Close
from service.codecs import Codec
from service.metrics import Metrics


class Socket(Protocol):
    """What a connection needs of the socket beneath it."""

    write: Callable[[bytes], None]

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake; the socket is gone within a time limit."""

    def pause_reading(self) -> None:
        """Take no more input."""

    def resume_reading(self) -> None:
        """Take input again."""


class Receiver(Protocol):
    """What a connection hands its input to: a session."""

    def receive(self, text: str) -> None:
        """Take one text message."""

    def resumed(self) -> None:
        """Learn that the transport takes output again."""

    def ended(self) -> None:
        """Learn that the connection is gone; called once."""


def _discard(_data: bytes) -> None:
    """Stand in for `write` once the connection is closing."""


class Connection:
    """One client's socket and its limits.

    Attributes:
        write: writes bytes that are framed already.
        paused: the transport is over its high-water mark.
        reading_held: the session has enough to do, so nothing is read.
        heard: anything came in since the last ping (see `service/pings.py`).
    """

    __slots__ = (
        "_closed", "_gone", "_held", "_lag_timer", "_lagging_seconds", "_metrics", "_socket", "closing",
        "codec", "heard", "paused", "reading_held", "receiver", "write",
    )  # fmt: skip

    def __init__(self, socket: Socket, codec: Codec, metrics: Metrics, lagging_seconds: float) -> None:
        self._socket = socket
        self._metrics = metrics
        self._lagging_seconds = lagging_seconds
        self._lag_timer: asyncio.TimerHandle | None = None
        self.reading_held = False
        self._closed: Close | int | None = None
        self._gone = False
        # What is to go out with what is written next.
        self._held: list[bytes] | None = None
        self.codec = codec
        self.write = socket.write
        self.paused = False
        self.heard = True
        self.closing = False
        self.receiver: Receiver | None = None

    @property
    def takes(self) -> bool:
        """Tell whether more input is wanted. Behind a close it is: the peer's answer is in it."""
        return self.closing or not (self.paused or self.reading_held)

    def hold(self, data: bytes) -> None:
        """Keep it for what is written next, so that one system call serves both; see `Fanout.release`."""
        if self._held is not None:
            self._held.append(data)
        elif not self._muted:
            self._held = [data]
            # Whoever writes needn't know of it, least of all the fan-out.
            self.write = self._write_held

    def release(self) -> None:
        """Write what is held, if nothing else was written since."""
        if self._held is not None:
            self._write_held(b"")

    def close(self, code: Close, reason: str) -> None:
        """Close with a code that the client reads; nothing is written behind it."""
        if not self.closing:
            self.release()
            self._closed = code
            self._stop_writing()
            # The peer's answer to the close has to be read, whatever else isn't.
            self._socket.resume_reading()
            self._socket.close(code, reason)

    def mute(self) -> None:
        """Write nothing any more; input is still taken."""
        self._held = None
        self.write = _discard

    def hold_reading(self, *, hold: bool) -> None:
        """Take no input while the session has enough to do."""
        if hold is not self.reading_held:
            self.reading_held = hold
            self._metrics.reading_held += hold
            self._set_reading()

    # Called by the socket -------------------------------------------------------------------------

    def received(self, text: str) -> None:
        """Take one text message."""
        if self.receiver is not None and not self.closing:
            self.receiver.receive(text)

    def pause(self) -> None:
        """Learn that the transport is over its high-water mark.

        Nothing is read meanwhile, for what is read would be answered.
        """
        if self.paused or self.closing:
            return
        self.paused = True
        self._set_reading()
        loop = asyncio.get_running_loop()
        self._lag_timer = loop.call_later(self._lagging_seconds, self._lagged_too_long)

    def resume(self) -> None:
        """Learn that the transport's buffer has drained."""
        if not self.paused:
            return
        self.paused = False
        # It reads, so it lives, though the answer to a ping may stand behind much else.
        self.heard = True
        self._stop_timer()
        self._set_reading()
        if self.receiver is not None and not self.closing:
            self.receiver.resumed()

    def lost(self, code: int) -> None:
        """Learn that the socket is gone; `code` is what the peer said, 1006 if nothing. Idempotent."""
        if self._gone:
            return
        self._gone = True
        self._stop_writing()
        self._stop_timer()
        self._metrics.closed.add(int(self._closed or code))
        receiver, self.receiver = self.receiver, None
        if receiver is not None:
            receiver.ended()

    @property
    def _muted(self) -> bool:
        return self.write is _discard

    def _write_held(self, data: bytes) -> None:
        held, self._held = self._held or [], None
        self.write = self._socket.write
        held.append(data)
        self.write(b"".join(held))

    def _set_reading(self) -> None:
        if self.closing:
            return
        if self.paused or self.reading_held:
            self._socket.pause_reading()
        else:
            self._socket.resume_reading()

    def _lagged_too_long(self) -> None:
        self._lag_timer = None
        self.close(Close.LAGGING, "reads too slowly: reconnect to go on where it stopped")

    def _stop_writing(self) -> None:
        self.closing = True
        self.mute()

    def _stop_timer(self) -> None:
        if self._lag_timer is not None:
            self._lag_timer.cancel()
            self._lag_timer = None
