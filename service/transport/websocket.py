"""A websocket on a bare transport: bytes in, text out to a callback; no tasks, no locks, no queues.

`service/transport/frame_parser.py` parses the usual frames. At the first other frame, and when the connection
ends, `websockets.ServerProtocol` takes over, which implements the rest of the RFC (fragments, control frames,
closing handshake).
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

# A reason must fit into a control frame beside the code (RFC 6455, 5.5).
_MAX_REASON: Final = 123
_ABNORMAL: Final = 1006
# What may wait here to be taken; more than that waits in the system's buffers.
_MOST_EARLY: Final = 64 * 1024
# How much is taken at a time, before it's asked whether the session has had enough.
_SLICE: Final = 4096


class WebSocket(asyncio.Protocol):
    """One upgraded connection: between an asyncio transport and a `Connection`."""

    __slots__ = (
        "_abort_timer", "_close_seconds", "_connection", "_early", "_early_end", "_lost", "_max_size",
        "_parts", "_rfc", "_sockets", "_taking", "_transport", "attached", "write",
    )  # fmt: skip

    def __init__(
        self, transport: asyncio.Transport, max_size: int, close_seconds: float, sockets: set[object]
    ) -> None:
        """Take over an upgraded transport; it's among the server's `sockets` until it's gone.

        `max_size` is that of a message, in bytes; `close_seconds` is how long a peer may take to close.
        """
        self._sockets = sockets
        sockets.add(self)
        self._transport = transport
        self._max_size = max_size
        self._close_seconds = close_seconds
        self._abort_timer: asyncio.TimerHandle | None = None
        self._rfc: ServerProtocol | None = None
        self._parts: list[bytes] | None = None
        self._connection: Connection | None = None
        # What comes before `attach`, while the handler makes up its mind.
        self._early = bytearray()
        self._early_end = False
        self._lost = False
        self._taking = False
        self.attached = False
        self.write: Callable[[bytes], None] = transport.write

    def bind(self, connection: Connection) -> None:
        """Tell a connection from now on how its output fares."""
        self._connection = connection
        if self._lost:
            connection.stop_output()

    def attach(self) -> None:
        """Hand all input to the connection from now on, that of a peer which is gone already too."""
        self.attached = True
        self._go_on()
        if self._lost:
            self._tell_lost()
            self._let_go()

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake."""
        protocol = self._protocol()
        if protocol.state is State.OPEN:
            protocol.send_close(CloseCode(code) if code in set(CloseCode) else code, _fit(reason))
            self._send(protocol)
            # The peer's answer must be seen, though the connection may have held the reading.
            self.resume_reading()
        self._abort_later()

    def abort(self) -> None:
        """Drop the transport without a word."""
        self._transport.abort()

    def close_if_idle(self) -> bool:
        """Learn that the server stops. The node closes its links, for it knows when and with which code."""
        return False

    def pause_reading(self) -> None:
        """Take no more input."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take input again, that which waits here first."""
        if self._early and self.attached:
            # Not at once: whoever asks may be in the middle of taking a slice.
            asyncio.get_running_loop().call_soon(self._go_on)
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # asyncio's callbacks --------------------------------------------------------------------------

    @override
    def data_received(self, data: bytes) -> None:
        """Take bytes from the transport."""
        self._early += data
        if self.attached and not self._taking:
            self._go_on()
        if len(self._early) >= _MOST_EARLY:
            self.pause_reading()

    def _go_on(self) -> None:
        """Take what waits, slice by slice, while the connection wants it."""
        connection = self._connection
        if connection is None or self._taking:
            return
        self._taking = True
        try:
            connection.heard = True
            while self._early and connection.accepts_input and self._take_ordinary(connection):
                pass
            while self._early and connection.accepts_input and self._rfc is not None:
                slice_ = bytes(self._early[:_SLICE])
                del self._early[:_SLICE]
                self._take_slice(slice_, connection, self._rfc)
        except Exception:  # noqa: BLE001 - a fault of ours must end this connection, not leave it half alive
            _log.exception("input_failed")
            connection.close(Close.INTERNAL, "the server failed; reconnect")
        finally:
            self._taking = False
        if self._early_end and not self._early:
            self._early_end = False
            protocol = self._protocol()
            protocol.receive_eof()
            self._send(protocol)

    def _take_ordinary(self, connection: Connection) -> bool:
        """Take one frame, as long as none was out of the ordinary; tell whether to go on."""
        if self._rfc is not None:
            return False
        try:
            frame = frame_parser.read(self._early, min(frame_parser.MOST, self._max_size))
        except UnicodeDecodeError:
            frame = None
        if frame is None or (self._early_end and not frame.end):
            self._protocol()
            return False
        del self._early[: frame.end]
        if frame.text is not None:
            if self._transport.is_closing():
                # The peer reset the connection: what it said counts, but nobody reads the answers.
                connection.stop_output()
            connection.received(frame.text)
        return bool(frame.end)

    def _protocol(self) -> ServerProtocol:
        """Leave the connection to the whole of the RFC from now on."""
        if self._rfc is None:
            self._rfc = ServerProtocol(max_size=self._max_size, state=State.OPEN)
        return self._rfc

    def _take_slice(self, data: bytes, connection: Connection, protocol: ServerProtocol) -> None:
        connection.heard = True
        protocol.receive_data(data)
        for frame in protocol.events_received():
            if self._transport.is_closing():
                # The peer reset the connection: what it said counts, but nobody reads the answers.
                connection.stop_output()
            if type(frame) is Frame and not self._take(frame, connection, protocol):
                break
        self._send(protocol)

    @override
    def eof_received(self) -> bool:
        """Learn that the peer sends no more; asyncio closes the transport then."""
        self._early_end = True
        if self.attached:
            self._go_on()
        return False

    @override
    def pause_writing(self) -> None:
        """Learn that the transport is over its high-water mark."""
        if self._connection is not None:
            self._connection.pause()

    @override
    def resume_writing(self) -> None:
        """Learn that the transport's buffer has drained."""
        if self._connection is not None:
            self._connection.resume()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Learn that the transport is gone."""
        self._sockets.discard(self)
        self._lost = True
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._tell_lost()
        if self.attached:
            self._let_go()

    def _tell_lost(self) -> None:
        connection = self._connection
        if connection is None:
            return
        if not self.attached:
            connection.stop_output()
            return
        said = self._rfc and (self._rfc.close_rcvd or self._rfc.close_sent)
        connection.lost(said.code if said else _ABNORMAL)

    def _let_go(self) -> None:
        """Leave nothing that only the collector would free: it may come late to what lived for long."""
        self._connection = None
        if self._rfc is not None:
            # Its parser, and what that raised, know it too.
            self._rfc.parser.close()
            self._rfc.parser_exc = None

    def _take(self, frame: Frame, connection: Connection, protocol: ServerProtocol) -> bool:
        """Put fragments together, and hand a whole text on; tell whether to go on."""
        if frame.opcode is Opcode.BINARY:
            protocol.fail(CloseCode.UNSUPPORTED_DATA, "this server takes text only")
            return False
        if frame.opcode is not Opcode.TEXT and frame.opcode is not Opcode.CONT:
            return True
        if frame.data:
            # Fragments without data are not kept: of those there may be any number.
            self._parts = self._parts or []
            self._parts.append(bytes(frame.data))
        if not frame.fin:
            return True
        parts, self._parts = self._parts or (), None
        try:
            text = b"".join(parts).decode()
        except UnicodeDecodeError:
            protocol.fail(CloseCode.INVALID_DATA, "the text is not UTF-8")
            return False
        connection.received(text)
        return True

    def _send(self, protocol: ServerProtocol) -> None:
        """Write what the RFC asks for: pongs, and the closing handshake."""
        for data in protocol.data_to_send():
            if not data:
                self._end()
            elif not self._lost:
                self._transport.write(data)

    def _end(self) -> None:
        """End the TCP connection, which is the server's to do first (RFC 6455, 7.1.1).

        By half, where that can be done: closed as a whole it would be reset as soon as anything more comes
        in, and the peer might never read why.
        """
        # Nothing may be written any more, so whoever writes must know.
        self._tell_lost()
        if self._lost or self._transport.is_closing():
            return
        try:
            if self._transport.can_write_eof():
                self._transport.write_eof()
                self.resume_reading()
            else:
                self._transport.close()
        except OSError:
            # The peer was quicker, and reset it.
            self._transport.abort()
        else:
            self._abort_later()

    def _abort_later(self) -> None:
        """Leave the peer some time to read what is in the buffer and to answer, and no more."""
        if self._abort_timer is None and not self._lost:
            loop = asyncio.get_running_loop()
            self._abort_timer = loop.call_later(self._close_seconds, self._transport.abort)


def _fit(reason: str) -> str:
    return reason.encode()[:_MAX_REASON].decode(errors="ignore")
