"""A TCP proxy that can be disturbed: cut, closed, stalled, delayed, throttled."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, TypeAlias

Address: TypeAlias = int | Path

_PIECE: Final = 16_384
# Small, so that data for a stalled client waits at the node and not in the proxy (bytes).
_BUFFER: Final = 8_192


class Wire:
    """Connects clients of `port` with the current `target`; None: nothing listens.

    Attributes:
        refusing: new connections are closed at once.
        late: delay of each piece (seconds).
        narrow: bytes per second, each way; 0: unlimited.
    """

    def __init__(self, target: Callable[[], Address | None]) -> None:
        self.port = 0
        self.refusing = False
        self.late = 0.0
        self.narrow = 0.0
        self._target = target
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._handlers: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Close all connections, whatever is in transit."""
        for handler in self._handlers:
            handler.cancel()

    def stall(self) -> None:
        """Pass nothing; connections stay open."""
        self._flowing.clear()

    def heal(self) -> None:
        """Remove all disturbances."""
        self.refusing, self.late, self.narrow = False, 0.0, 0.0
        self._flowing.set()

    async def carry(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        handler = asyncio.current_task()
        assert handler
        self._handlers.add(handler)
        try:
            if not self.refusing and (target := self._target()) is not None:
                await self._join(near, to_near, target)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._handlers.discard(handler)
            to_near.transport.abort()

    async def _join(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter, target: Address) -> None:
        far, to_far = await _connect(target)
        try:
            await self._flowing.wait()
            ways = (self._pump(near, to_far), self._pump(far, to_near))
            tasks = [asyncio.get_running_loop().create_task(way) for way in ways]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
        finally:
            to_far.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            # A throttled wire passes small pieces, so that none is in transit for long when it is healed.
            while data := await source.read(int(self.narrow / 10) or _PIECE):
                await asyncio.sleep(self.late + (len(data) / self.narrow if self.narrow else 0))
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
            # The last bytes are a close frame, which the other side must read.
            sink.close()
            await sink.wait_closed()


async def _connect(target: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(target, Path):
        return await asyncio.open_unix_connection(str(target), limit=_BUFFER)
    far = socket.socket()
    try:
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        far.setblocking(False)  # noqa: FBT003 - the argument has no name
        await asyncio.get_running_loop().sock_connect(far, ("127.0.0.1", target))
        return await asyncio.open_connection(sock=far, limit=_BUFFER)
    except BaseException:
        far.close()
        raise


@asynccontextmanager
async def laid(target: Callable[[], Address | None]) -> AsyncIterator[Wire]:
    """Run a proxy for the time of the block."""
    wire = Wire(target)
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0, limit=_BUFFER)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        wire.cut()
        await server.wait_closed()
