"""The output of one socket: whether bytes are queued, and whether any may follow.

              queue
      OPEN ───────────▶ QUEUED
        ◀───────────────
          write, flush
      OPEN, QUEUED ──── stop_output ────▶ STOPPED

The attribute `write` is replaced with each state. In the state OPEN it is the transport's own method, so the
fan-out writes to the transport without another call or a check of the state.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

Write = Callable[[bytes], None]


class OutputState(Enum):
    """The destination of the bytes that are written next."""

    OPEN = auto()  # the transport
    QUEUED = auto()  # the transport, after the queued bytes
    STOPPED = auto()  # none: the socket is closing or closed


# In Python 3.11 an attribute of an enum costs as much as two calls: too much for each message.
_OPEN, _QUEUED, _STOPPED = OutputState


def _discard(_data: bytes) -> None:
    """Drop bytes that are written to a stopped output."""


class SocketOutput:
    """The output of one socket; `transport_write` writes to it.

    Attributes:
        write: writes bytes that are framed already.
        output_state: the state in the diagram above.
    """

    __slots__ = ("_queued", "_transport_write", "output_state", "write")

    def __init__(self, transport_write: Write) -> None:
        self._transport_write = transport_write
        self._queued: list[bytes] | None = None
        self.output_state, self.write = _OPEN, transport_write

    def queue(self, data: bytes) -> None:
        """Queue bytes for the next write, so that one system call writes both. A `flush` must follow."""
        if self.output_state is _STOPPED:
            return
        if self._queued is None:
            self._queued = [data]
            self.output_state, self.write = _QUEUED, self._write_queued
        else:
            self._queued.append(data)

    def flush(self) -> None:
        """Write the queued bytes, unless another write has included them."""
        if self.output_state is _QUEUED:
            self.write(b"")

    def stop_output(self) -> None:
        """Drop the queued bytes and all later output. Input may still be processed."""
        self._queued = None
        self.output_state, self.write = _STOPPED, _discard

    def _write_queued(self, data: bytes) -> None:
        queued, self._queued = self._queued or [], None
        self.output_state, self.write = _OPEN, self._transport_write
        queued.append(data)
        self._transport_write(b"".join(queued))
