"""A TCP proxy between clients and a server, which a test can cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Cable:
    """A TCP proxy on a free port, to the first of some ports that accepts a connection."""

    def __init__(self, to: tuple[int, ...]) -> None:
        self._to = to
        self._connected = True
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    def cut(self) -> None:
        """Abort all connections, and reject new ones."""
        self._connected = False
        for writer in self._writers:
            writer.transport.abort()

    def restore(self) -> None:
        """Accept connections again."""
        self._connected = True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one client to the server, until either side ends."""
        far = await self._reach() if self._connected else None
        if far is None:
            writer.transport.abort()
            return
        far_reader, far_writer = far
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(pump(reader, far_writer))
                group.create_task(pump(far_reader, writer))
        finally:
            self._writers -= ends

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for port in self._to:
            with suppress(ConnectionError):
                return await asyncio.open_connection("127.0.0.1", port)
        return None


@asynccontextmanager
async def cable(*to: int) -> AsyncIterator[Cable]:
    """Run a proxy to a port of this machine, or to the first that accepts, for the time of the block."""
    made = Cable(to)
    server = await asyncio.start_server(made.carry, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.cut()
        await server.wait_closed()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Forward all bytes, and the end of the stream."""
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
