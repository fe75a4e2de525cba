"""A websocket on a bare asyncio transport: no tasks, no locks, no queues.

`service/transport/frame_parser.py` parses the usual frames (the fast path). All other frames, and the closing
handshake, take the full path through `service/transport/full_protocol.py`.

A connection processes a bounded share of its input in a turn of the loop, whatever its frames are. The rest
waits in `service/transport/input_turns.py` behind other connections, and meanwhile nothing is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from typing_extensions import override

from service.settings import Settings
from service.transport import frame_parser
from service.transport.connection import Connection
from service.transport.full_protocol import FullProtocol
from service.transport.half_close import end_sending
from service.transport.input_turns import InputTurns
from service.wire.frames import pong_frame

_ABNORMAL_CLOSURE: Final = 1006
_MAX_INPUT: Final = 64 * 1024  # bytes before a session is attached; more stay in the system's buffers


class WebSocket(asyncio.Protocol):
    """One upgraded connection, between an asyncio transport and a `Connection`."""

    __slots__ = (
        "_abort_timer", "_connection", "_drops_input", "_fast_size", "_full", "_has_turn", "_input",
        "_input_eof", "_lost", "_settings", "_sockets", "_transport", "_turns", "_waiting", "attached",
        "write",
    )  # fmt: skip

    def __init__(
        self, transport: asyncio.Transport, settings: Settings, sockets: set[object], turns: InputTurns
    ) -> None:
        """Take over an upgraded transport. The server's `sockets` contain it until it is lost.

        Input that is too much for one turn of the loop waits in `turns`.
        """
        self._sockets = sockets
        sockets.add(self)
        self._transport = transport
        self._settings = settings
        self._fast_size = min(frame_parser.MAX_PAYLOAD, settings.frame_bytes)
        self._abort_timer: asyncio.TimerHandle | None = None
        self._full: FullProtocol | None = None  # as long as all frames take the fast path
        self._turns = turns
        self._waiting = self._has_turn = False  # the input waits for its turn, or has it
        self._drops_input = False  # all further input is dropped
        self._connection: Connection | None = None
        # Received and not processed yet: before `attach`, and while the session pauses the input.
        self._input = bytearray()
        self._input_eof = self._lost = self.attached = False
        self.write: Callable[[bytes], None] = transport.write

    def bind(self, connection: Connection) -> None:
        """Report to a connection when the transport pauses, resumes and is lost."""
        self._connection = connection
        if self._lost:
            connection.stop_output()

    def attach(self) -> None:
        """Process the input from now on, also if the socket is lost already."""
        self.attached = True
        if self._input_eof or self._lost:
            self.take_turn()
        elif self._input:
            self._wait_for_turn()

    def close(self, code: int, reason: str, *, read: bool = True) -> None:
        """Begin the closing handshake. Without `read` the peer's close frame is not read either."""
        full = self._use_full_protocol()
        full.begin_close(code, reason)
        self._write_pending(full)
        if read:
            # The peer's close frame must be read, even if the input is paused.
            self.resume_reading()
        else:
            self._drops_input = True
            self._input.clear()
            self.pause_reading()
        self._abort_later()

    def abort(self) -> None:
        """Abort without a closing handshake."""
        self._transport.abort()

    def close_if_idle(self) -> bool:
        """Keep the connection when the server stops: the node closes it, with a code of its choice."""
        return False

    def pause_reading(self) -> None:
        """Stop reading from the transport."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read from the transport again, once the buffered input is processed."""
        if self._drops_input:
            return
        if self._input and self.attached:
            # In a later turn of the loop, because the caller may be processing input.
            self._wait_for_turn()
        elif not self._transport.is_closing():
            self._transport.resume_reading()

    # asyncio's callbacks --------------------------------------------------------------------------

    @override
    def data_received(self, data: bytes) -> None:
        """Process one whole text at once. Buffer all other bytes, and process a share of them."""
        connection = self._connection
        if (
            connection is None
            or self._input
            or self._full is not None
            or not (self.attached and connection.accepts_input)
            or (text := frame_parser.read_whole(data, self._fast_size)) is None
        ):
            self._input += data
            if self.attached:
                self._process_input()
            elif len(self._input) >= _MAX_INPUT:
                self.pause_reading()
            return
        connection.input_seen = True
        try:
            if self._transport.is_closing():
                connection.stop_output()
            connection.received(text, 1)
        except Exception:  # noqa: BLE001 - a bug must close this connection, and no other
            connection.input_failed()

    def take_turn(self) -> None:
        """Process one share of the input, and read again if nothing waits any more."""
        self._waiting, self._has_turn = False, True
        self._process_input()
        self._has_turn = False
        connection = self._connection
        if self._waiting or connection is None:
            return
        if self._lost:
            self._report_lost()
            self._release()
        elif connection.accepts_input and not self._drops_input and not self._transport.is_closing():
            self._transport.resume_reading()

    def _wait_for_turn(self) -> None:
        """Process the rest of the input in a later turn of the loop; read nothing until then."""
        if not self._waiting:
            self._waiting = True
            self.pause_reading()
            self._turns.add(self)

    def _process_input(self) -> None:
        """Process a share of the buffered input, as far as the connection accepts it."""
        connection = self._connection
        if connection is None or self._waiting:
            return
        try:
            connection.input_seen = True
            self._process_share(connection)
        except Exception:  # noqa: BLE001 - a bug must close this connection, and no other
            connection.input_failed()
        if self._input_eof and not self._input:
            self._input_eof = False
            full = self._use_full_protocol()
            full.end()
            self._write_pending(full)

    def _process_share(self, connection: Connection) -> None:
        """Process frames until the share of this turn is used, and charge the connection for them."""
        buffer, turns, tokens, end = self._input, self._turns, 0, 0.0
        least = len(buffer) - turns.size
        while buffer and connection.accepts_input:
            if self._transport.is_closing():
                # The peer has reset the connection: its input counts, but it reads no output.
                connection.stop_output()
            cost = self._process_frame(connection)
            if cost is None:
                break
            tokens += cost
            if buffer:
                end = end or turns.clock() + turns.seconds
                if tokens >= turns.frames or len(buffer) <= least or turns.clock() >= end:
                    self._wait_for_turn()
                    break
        if tokens:
            connection.charge(tokens)

    def _process_frame(self, connection: Connection) -> int | None:
        """Process one frame, or a part of a large one. Return its tokens; None if more must arrive first."""
        full = self._full
        if full is not None and not full.between_messages:
            return self._process_slice(full, connection)
        try:
            frame = frame_parser.read(self._input, self._fast_size)
        except UnicodeDecodeError:
            frame = None
        if frame is None or (self._input_eof and not frame.end):
            return self._process_slice(self._use_full_protocol(), connection)
        if not frame.end:
            return None
        del self._input[: frame.end]
        if frame.text is not None:
            connection.received(frame.text)
        elif frame.ping is not None:
            connection.write(pong_frame(frame.ping))
        return 1

    def _use_full_protocol(self) -> FullProtocol:
        if self._full is None:
            self._full = FullProtocol(self._settings.frame_bytes)
        return self._full

    def _process_slice(self, full: FullProtocol, connection: Connection) -> int | None:
        if not self._has_turn:
            # It costs up to a hundred times as much as a frame on the fast path.
            self._wait_for_turn()
            return None
        cost = full.process_slice(self._input, connection.received, ended=self._input_eof)
        self._write_pending(full)
        return cost

    @override
    def eof_received(self) -> bool:
        """Note that the peer sends no more. asyncio closes the transport then."""
        self._input_eof = True
        if self.attached:
            self._process_input()
        return False

    @override
    def pause_writing(self) -> None:
        """Report that the transport is above its high-water mark."""
        if self._connection is not None:
            self._connection.pause()

    @override
    def resume_writing(self) -> None:
        """Report that the transport's buffer has drained."""
        if self._connection is not None:
            self._connection.resume()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Report that the transport is lost, once a session is attached and its input is processed."""
        self._sockets.discard(self)
        self._lost = True
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._report_lost()
        if self.attached and not self._waiting:
            self._release()

    def _report_lost(self) -> None:
        connection = self._connection
        if connection is None:
            return
        if self._waiting or not self.attached:
            # The rest of the input counts, but no command may write to a closed transport.
            connection.stop_output()
            return
        connection.lost((self._full and self._full.close_code) or _ABNORMAL_CLOSURE)

    def _release(self) -> None:
        """Break all reference cycles, because the collector seldom runs over old objects."""
        self._connection = None
        if self._full is not None:
            self._full.release()

    def _write_pending(self, full: FullProtocol) -> None:
        """Write the pongs and the close frames that the protocol has queued."""
        for data in full.output():
            if not data:
                self._end_transport()
            elif not self._lost:
                self._transport.write(data)

    def _end_transport(self) -> None:
        # Nothing may be written after the end, so the connection must stop its output first.
        self._report_lost()
        if self._lost or self._transport.is_closing():
            return
        if end_sending(self._transport):
            self.resume_reading()
        self._abort_later()

    def _abort_later(self) -> None:
        """Abort when the time for the closing handshake is over."""
        if self._abort_timer is None and not self._lost:
            loop = asyncio.get_running_loop()
            self._abort_timer = loop.call_later(self._settings.close_seconds, self._transport.abort)
