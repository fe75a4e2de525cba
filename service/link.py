"""A websocket on a bare transport: bytes in, text out to a callback; no tasks, no locks, no queues.

`websockets.ServerProtocol` keeps the RFC (fragments, control frames, closing handshake); what is kept here is the
transport, whole messages, and the time a closing handshake may take.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from service.connection import Connection

# A reason must fit into a control frame beside the code (RFC 6455, 5.5).
_MAX_REASON: Final = 123
_ABNORMAL: Final = 1006


class Link:
    """One upgraded connection: between an asyncio transport and a `Connection`."""

    __slots__ = ("_abort_timer", "_close_seconds", "_connection", "_early", "_lost", "_parts", "_protocol", "_transport", "write")

    def __init__(self, transport: asyncio.Transport, protocol: ServerProtocol, close_seconds: float) -> None:
        self._transport = transport
        self._protocol = protocol
        self._close_seconds = close_seconds
        self._abort_timer: asyncio.TimerHandle | None = None
        self._parts: list[bytes] = []
        self._connection: Connection | None = None
        # What comes before a connection is attached, in the turns between handshake and handler.
        self._early = bytearray()
        self._lost = False
        self.write: Callable[[bytes], None] = transport.write

    @property
    def attached(self) -> bool:
        """Tell whether somebody takes what comes in."""
        return self._connection is not None

    def attach(self, connection: Connection) -> None:
        """Hand all input to a connection from now on."""
        self._connection = connection
        if self._lost:
            connection.lost(_ABNORMAL)
            return
        early, self._early = bytes(self._early), bytearray()
        if early:
            self.received(early)

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode(code) if code in set(CloseCode) else code, _fit(reason))
            self._send()
        self._abort_later()

    def abort(self) -> None:
        """Drop the transport without a word."""
        self._transport.abort()

    def pause_reading(self) -> None:
        """Take no more input."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take input again."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # Called by the protocol -------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """Take bytes from the transport."""
        if self._connection is None:
            self._early += data
            return
        self._connection.heard = True
        protocol = self._protocol
        protocol.receive_data(data)
        for frame in protocol.events_received():
            if type(frame) is Frame:
                self._take(frame, self._connection)
        self._send()

    def ended(self) -> None:
        """Learn that the peer sends no more."""
        self._protocol.receive_eof()
        self._send()

    def pause(self) -> None:
        """Learn that the transport is over its high-water mark."""
        if self._connection is not None:
            self._connection.pause()

    def resume(self) -> None:
        """Learn that the transport's buffer has drained."""
        if self._connection is not None:
            self._connection.resume()

    def lost(self) -> None:
        """Learn that the transport is gone."""
        self._lost = True
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        received = self._protocol.close_rcvd
        sent = self._protocol.close_sent
        said = received or sent
        if self._connection is not None:
            self._connection.lost(said.code if said is not None else _ABNORMAL)

    def _take(self, frame: Frame, connection: Connection) -> None:
        """Put fragments together, and hand a whole text on."""
        if frame.opcode is Opcode.BINARY:
            self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "this server takes text only")
        elif frame.opcode in {Opcode.TEXT, Opcode.CONT}:
            if not frame.fin:
                self._parts.append(bytes(frame.data))
                return
            data = bytes(frame.data)
            if self._parts:
                data = b"".join((*self._parts, data))
                self._parts = []
            try:
                text = data.decode()
            except UnicodeDecodeError:
                self._protocol.fail(CloseCode.INVALID_DATA, "the text is not UTF-8")
            else:
                connection.received(text)

    def _send(self) -> None:
        """Write what the RFC asks for: pongs, and the closing handshake."""
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                # The server ends the TCP connection first (RFC 6455, 7.1.1).
                self._transport.close()
                self._abort_later()

    def _abort_later(self) -> None:
        """Leave the peer some time to read what is in the buffer and to answer, and no more."""
        if self._abort_timer is None:
            loop = asyncio.get_running_loop()
            self._abort_timer = loop.call_later(self._close_seconds, self._transport.abort)


def _fit(reason: str) -> str:
    return reason.encode()[:_MAX_REASON].decode(errors="ignore")
