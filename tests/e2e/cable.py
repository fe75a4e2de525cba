"""A cable between clients and a server, which a test can pull."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Cable:
    """A TCP proxy on a free port, to the first of some ports at which somebody answers."""

    def __init__(self, to: tuple[int, ...]) -> None:
        self._to = to
        self._plugged = True
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    def pull(self) -> None:
        """Cut all connections in the middle of whatever they carry, and let nobody in."""
        self._plugged = False
        for writer in self._writers:
            writer.transport.abort()

    def plug_in(self) -> None:
        """Let connections through again."""
        self._plugged = True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join one client with the server until either ends."""
        far = await self._reach() if self._plugged else None
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
    """Lay a cable to a port of this machine, or to the first that answers, for the time of the block."""
    laid = Cable(to)
    server = await asyncio.start_server(laid.carry, "127.0.0.1", 0)
    laid.port = server.sockets[0].getsockname()[1]
    try:
        yield laid
    finally:
        server.close()
        laid.pull()
        await server.wait_closed()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes in, and the end of it."""
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
