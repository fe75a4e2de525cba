"""A port in front of a Redis, through which it can be put out of reach."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import TypeVar

from brokers.redis.scripts import PUBLISH

T = TypeVar("T")


class Proxy:
    """Passes bytes on, in a thread and a loop of its own: no test sees its tasks, and none waits for it."""

    def __init__(self, behind: Path) -> None:
        self._behind = behind
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._handlers: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._refusing = False
        self._losing = False

    async def open(self) -> str:
        """Open the port and return its address."""
        self._thread.start()
        port = await self._there(self._listen())
        return f"redis://127.0.0.1:{port}/0"

    async def close(self) -> None:
        """Close the port and end the thread."""
        await self._there(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def refuse(self) -> None:
        """Cut all connections, and let none through."""
        await self._there(self._cut(refusing=True))

    async def accept(self) -> None:
        """Let connections through again."""
        await self._there(self._cut(refusing=False))

    def lose_answer(self) -> None:
        """Pass the next piece of publishes on, but cut its connection when Redis answers."""
        self._losing = True

    async def _there(self, what: Coroutine[object, object, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(what, self._loop))

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _end(self) -> None:
        assert self._server
        self._server.close()
        await self._cut(refusing=True)
        await self._server.wait_closed()

    async def _cut(self, *, refusing: bool) -> None:
        self._refusing = refusing
        handlers = list(self._handlers)
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        if self._refusing:
            to_client.transport.abort()
            return
        handler = asyncio.current_task()
        assert handler
        self._handlers.add(handler)
        try:
            server, to_server = await asyncio.open_unix_connection(str(self._behind))
        except OSError:
            to_client.transport.abort()
            self._handlers.discard(handler)
            return
        cut = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass_on(client, to_server, cut))
                tasks.create_task(self._pass_back(server, to_client, cut))
        except* (OSError, EOFError):
            pass
        except* asyncio.CancelledError:
            pass
        finally:
            to_client.transport.abort()
            to_server.transport.abort()
            self._handlers.discard(handler)

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        while data := await source.read(65536):
            if self._losing and PUBLISH.digest.encode() in data and b"EVALSHA" in data:
                self._losing = False
                cut.set()
            sink.write(data)
            await sink.drain()
        raise EOFError

    async def _pass_back(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        while data := await source.read(65536):
            if cut.is_set():
                break
            sink.write(data)
            await sink.drain()
        raise EOFError
