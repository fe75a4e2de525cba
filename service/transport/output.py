"""The output of one socket: whether bytes are queued, and whether any may follow.

              queue
      OPEN ───────────▶ QUEUED
        ◀───────────────
          write, flush
      OPEN, QUEUED ──── stop_output ────▶ STOPPED

`write` is an attribute that follows the state. So in the state OPEN the fan-out calls the transport itself,
without a test or a call in between.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

Write = Callable[[bytes], None]


class OutputState(Enum):
    """Where the bytes go that are written next."""

    OPEN = auto()  # to the transport
    QUEUED = auto()  # to the transport, behind the queued bytes
    STOPPED = auto()  # nowhere: the socket is closing or gone


def _discard(_data: bytes) -> None:
    """Drop what is written to a stopped output."""


class Output:
    """The output of one socket; `transport_write` writes to it.

    Attributes:
        write: writes bytes that are framed already.
        output_state: see the module.
    """

    __slots__ = ("_queued", "_transport_write", "output_state", "write")

    def __init__(self, transport_write: Write) -> None:
        self._transport_write = transport_write
        self._queued: list[bytes] | None = None
        self._enter(OutputState.OPEN, self._transport_write)

    def queue(self, data: bytes) -> None:
        """Keep bytes for the next write, so that one system call serves both. A `flush` must follow."""
        if self.output_state is OutputState.STOPPED:
            return
        if self._queued is None:
            self._queued = [data]
            self._enter(OutputState.QUEUED, self._write_queued)
        else:
            self._queued.append(data)

    def flush(self) -> None:
        """Write what is queued, unless another write has taken it along."""
        if self.output_state is OutputState.QUEUED:
            self.write(b"")

    def stop_output(self) -> None:
        """Drop what is queued and all that is written from now on. Input may still be taken."""
        self._queued = None
        self._enter(OutputState.STOPPED, _discard)

    def _write_queued(self, data: bytes) -> None:
        queued, self._queued = self._queued or [], None
        self._enter(OutputState.OPEN, self._transport_write)
        queued.append(data)
        self._transport_write(b"".join(queued))

    def _enter(self, state: OutputState, write: Write) -> None:
        self.output_state = state
        self.write = write
