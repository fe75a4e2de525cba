"""A websocket on a bare asyncio transport: no tasks, no locks, no queues.

`service/transport/frame_parser.py` parses the usual frames (the fast path). At the first other frame, and
when the connection ends, `websockets.ServerProtocol` takes over for good. It implements the rest of RFC 6455:
fragments, control frames, and the closing handshake.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from typing_extensions import override
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from hubbub_protocol import Close
from service.transport import frame_parser
from service.transport.connection import Connection

_log: Final = logging.getLogger(__name__)

# A reason and the code share one control frame (RFC 6455, 5.5).
_MAX_REASON_BYTES: Final = 123
_ABNORMAL_CLOSURE: Final = 1006
# Unprocessed input above this stays in the system's buffers (bytes).
_MAX_INPUT: Final = 64 * 1024
# The full parser receives so much at a time. Between two slices the session may pause the input (bytes).
_SLICE_BYTES: Final = 4096


class WebSocket(asyncio.Protocol):
    """One upgraded connection, between an asyncio transport and a `Connection`."""

    __slots__ = (
        "_abort_timer", "_close_seconds", "_connection", "_fragments", "_input", "_input_eof", "_lost",
        "_max_size", "_processing", "_protocol", "_sockets", "_transport", "attached", "write",
    )  # fmt: skip

    def __init__(
        self, transport: asyncio.Transport, max_size: int, close_seconds: float, sockets: set[object]
    ) -> None:
        """Take over an upgraded transport. The server's `sockets` contain it until it is lost.

        `max_size` limits a message, in bytes; `close_seconds` limits the closing handshake.
        """
        self._sockets = sockets
        sockets.add(self)
        self._transport = transport
        self._max_size = max_size
        self._close_seconds = close_seconds
        self._abort_timer: asyncio.TimerHandle | None = None
        # None as long as all frames take the fast path.
        self._protocol: ServerProtocol | None = None
        self._fragments: list[bytes] | None = None
        self._connection: Connection | None = None
        # Received and not processed yet: before `attach`, and while the session pauses the input.
        self._input = bytearray()
        self._input_eof = False
        self._lost = False
        self._processing = False
        self.attached = False
        self.write: Callable[[bytes], None] = transport.write

    def bind(self, connection: Connection) -> None:
        """Report to a connection when the transport pauses, resumes and is lost."""
        self._connection = connection
        if self._lost:
            connection.stop_output()

    def attach(self) -> None:
        """Process the input from now on, also if the socket is lost already."""
        self.attached = True
        self._process_input()
        if self._lost:
            self._report_lost()
            self._release()

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake."""
        protocol = self._use_full_protocol()
        if protocol.state is State.OPEN:
            protocol.send_close(CloseCode(code) if code in set(CloseCode) else code, _truncate(reason))
            self._write_pending(protocol)
            # The peer's close frame must be read, even if the input is paused.
            self.resume_reading()
        self._abort_later()

    def abort(self) -> None:
        """Abort the transport without a closing handshake."""
        self._transport.abort()

    def close_if_idle(self) -> bool:
        """Keep the connection when the server stops: the node closes it, with a code of its choice."""
        return False

    def pause_reading(self) -> None:
        """Stop reading from the transport."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read from the transport again, and process the buffered input."""
        if self._input and self.attached:
            # In a later turn of the loop, because the caller may be processing a slice of the input.
            asyncio.get_running_loop().call_soon(self._process_input)
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # asyncio's callbacks --------------------------------------------------------------------------

    @override
    def data_received(self, data: bytes) -> None:
        """Buffer bytes, and process them if the connection accepts input."""
        self._input += data
        if self.attached and not self._processing:
            self._process_input()
        if len(self._input) >= _MAX_INPUT:
            self.pause_reading()

    def _process_input(self) -> None:
        """Process the buffered input while the connection accepts it."""
        connection = self._connection
        if connection is None or self._processing:
            return
        self._processing = True
        try:
            connection.input_seen = True
            while self._input and connection.accepts_input and self._process_fast_frame(connection):
                pass
            while self._input and connection.accepts_input and self._protocol is not None:
                slice_ = bytes(self._input[:_SLICE_BYTES])
                del self._input[:_SLICE_BYTES]
                self._process_slice(slice_, connection, self._protocol)
        except Exception:  # noqa: BLE001 - a bug must close this connection, and no other
            _log.exception("input_failed")
            connection.close(Close.INTERNAL, "internal server error; reconnect")
        finally:
            self._processing = False
        if self._input_eof and not self._input:
            self._input_eof = False
            protocol = self._use_full_protocol()
            protocol.receive_eof()
            self._write_pending(protocol)

    def _process_fast_frame(self, connection: Connection) -> bool:
        """Process one frame on the fast path; return whether to continue there."""
        if self._protocol is not None:
            return False
        try:
            frame = frame_parser.read(self._input, min(frame_parser.MAX_PAYLOAD, self._max_size))
        except UnicodeDecodeError:
            frame = None
        if frame is None or (self._input_eof and not frame.end):
            self._use_full_protocol()
            return False
        del self._input[: frame.end]
        if frame.text is not None:
            if self._transport.is_closing():
                # The peer has reset the connection: its input counts, but it reads no output.
                connection.stop_output()
            connection.received(frame.text)
        return bool(frame.end)

    def _use_full_protocol(self) -> ServerProtocol:
        """Leave the fast path for good."""
        if self._protocol is None:
            self._protocol = ServerProtocol(max_size=self._max_size, state=State.OPEN)
        return self._protocol

    def _process_slice(self, data: bytes, connection: Connection, protocol: ServerProtocol) -> None:
        connection.input_seen = True
        protocol.receive_data(data)
        for frame in protocol.events_received():
            if self._transport.is_closing():
                # The peer has reset the connection: its input counts, but it reads no output.
                connection.stop_output()
            if type(frame) is Frame and not self._process_frame(frame, connection, protocol):
                break
        self._write_pending(protocol)

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
        """Report that the transport is lost, once a session is attached."""
        self._sockets.discard(self)
        self._lost = True
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._report_lost()
        if self.attached:
            self._release()

    def _report_lost(self) -> None:
        connection = self._connection
        if connection is None:
            return
        if not self.attached:
            connection.stop_output()
            return
        close = self._protocol and (self._protocol.close_rcvd or self._protocol.close_sent)
        connection.lost(close.code if close else _ABNORMAL_CLOSURE)

    def _release(self) -> None:
        """Break all reference cycles, because the collector seldom runs over old objects."""
        self._connection = None
        if self._protocol is not None:
            # The parser and its exception refer to the protocol.
            self._protocol.parser.close()
            self._protocol.parser_exc = None

    def _process_frame(self, frame: Frame, connection: Connection, protocol: ServerProtocol) -> bool:
        """Join fragments and pass a whole text to the connection; return whether to continue."""
        if frame.opcode is Opcode.BINARY:
            protocol.fail(CloseCode.UNSUPPORTED_DATA, "binary frames are not supported: send text frames")
            return False
        if frame.opcode is not Opcode.TEXT and frame.opcode is not Opcode.CONT:
            return True
        if frame.data:
            # Empty fragments are not kept, because their number is not limited.
            self._fragments = self._fragments or []
            self._fragments.append(bytes(frame.data))
        if not frame.fin:
            return True
        fragments, self._fragments = self._fragments or (), None
        try:
            text = b"".join(fragments).decode()
        except UnicodeDecodeError:
            protocol.fail(CloseCode.INVALID_DATA, "invalid text frame: not UTF-8")
            return False
        connection.received(text)
        return True

    def _write_pending(self, protocol: ServerProtocol) -> None:
        """Write the pongs and the close frames that the protocol has queued."""
        for data in protocol.data_to_send():
            if not data:
                self._end_transport()
            elif not self._lost:
                self._transport.write(data)

    def _end_transport(self) -> None:
        """End the TCP connection, as the server must do first (RFC 6455, 7.1.1).

        Only the sending side, if the transport supports that. A full close would reset the connection when
        more input arrives, and the peer might never read the close frame.
        """
        # Nothing may be written after the end, so the connection must stop its output first.
        self._report_lost()
        if self._lost or self._transport.is_closing():
            return
        try:
            if self._transport.can_write_eof():
                self._transport.write_eof()
                self.resume_reading()
            else:
                self._transport.close()
        except OSError:
            # The peer has reset the connection.
            self._transport.abort()
        else:
            self._abort_later()

    def _abort_later(self) -> None:
        """Abort when the time for the closing handshake is over."""
        if self._abort_timer is None and not self._lost:
            loop = asyncio.get_running_loop()
            self._abort_timer = loop.call_later(self._close_seconds, self._transport.abort)


def _truncate(reason: str) -> str:
    return reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
