"""The same connection on Sanic's stock websocket: for servers that run the app without `LeanProtocol`.

Output goes straight to the transport, in frames that are made already; input comes from `recv`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

from sanic import Websocket
from sanic.exceptions import WebsocketClosed
from sanic.server.protocols.base_protocol import SanicProtocol

from hubbub_protocol import Close
from service.connection import Connection
from service.tasks import Tasks

_ABNORMAL: Final = 1006


class StockSocket:
    """Sanic's websocket, as a connection wants it."""

    __slots__ = (
        "_connection", "_high_water", "_protocol", "_readable", "_socket", "_tasks", "_transport", "write",
    )  # fmt: skip

    def __init__(self, socket: Websocket, tasks: Tasks, high_water: int) -> None:
        self._socket = socket
        self._tasks = tasks
        self._high_water = high_water
        self._protocol = cast(SanicProtocol, self._socket.io_proto)
        self._transport = cast(asyncio.Transport, self._protocol.transport)
        self._connection: Connection | None = None
        self._readable = asyncio.Event()
        self._readable.set()
        self.write: Callable[[bytes], None] = self._write

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake, in a task since Sanic's waits."""
        self._readable.set()
        self._tasks.start(self._socket.close(code, reason), name="close a stock websocket")

    def pause_reading(self) -> None:
        """Take no more input."""
        self._readable.clear()

    def resume_reading(self) -> None:
        """Take input again."""
        self._readable.set()

    def bind(self, connection: Connection) -> None:
        """Tell a connection from now on how its output fares."""
        self._connection = connection

    async def run(self, connection: Connection) -> None:
        """Hand all input to a connection until the peer or the server ends it."""
        code = _ABNORMAL
        try:
            while (data := await self._next()) is not None:
                connection.heard = True
                if isinstance(data, bytes):
                    connection.close(Close.NOT_TEXT, "this server takes text only")
                else:
                    connection.received(data)
        except WebsocketClosed:
            pass
        finally:
            # A cancellation is how Sanic tells that the transport is gone: this is the one place to clean up.
            said = self._socket.ws_proto.close_rcvd or self._socket.ws_proto.close_sent
            connection.lost(said.code if said is not None else code)

    async def _next(self) -> str | bytes | None:
        await self._readable.wait()
        return await self._socket.recv()

    def _write(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(data)
        connection = self._connection
        if connection is None or connection.paused:
            return
        if self._transport.get_write_buffer_size() > self._high_water:
            connection.pause()
            self._tasks.start(self._resume(connection), name="wait for a stock websocket")

    async def _resume(self, connection: Connection) -> None:
        # Sanic's own high-water mark is as high as ours or lower: once it lets writers go on, so do we.
        await self._protocol._can_write.wait()  # noqa: SLF001 - Sanic tells it in no other way
        connection.resume()
