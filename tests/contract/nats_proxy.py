"""A port in front of a NATS, through which it can be put out of reach."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine
from typing import Final, TypeVar

T = TypeVar("T")

_ACKNOWLEDGEMENT: Final = re.compile(rb'MSG _INBOX\S+ \d+ \d+\r\n\{"stream":[^\r]*\}\r\n')


class NatsProxy:
    """Passes bytes on, in a thread and a loop of its own: no test sees its tasks, and none waits for it."""

    def __init__(self, port: int) -> None:
        self._behind = port
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
        return f"nats://127.0.0.1:{port}"

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
        """Swallow the next acknowledgement of an entry."""
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
        handler = asyncio.current_task()
        assert handler
        if self._refusing:
            to_client.transport.abort()
            return
        self._handlers.add(handler)
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._behind)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(_pass_on(client, to_server, lambda data: data))
                    tasks.create_task(_pass_on(server, to_client, self._lose))
            finally:
                to_server.transport.abort()
        except* (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            to_client.transport.abort()
            self._handlers.discard(handler)

    def _lose(self, data: bytes) -> bytes:
        if self._losing and (match := _ACKNOWLEDGEMENT.search(data)):
            self._losing = False
            return data[: match.start()] + data[match.end() :]
        return data


async def _pass_on(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, change: Callable[[bytes], bytes]
) -> None:
    while data := await source.read(65536):
        sink.write(change(data))
        await sink.drain()
    raise EOFError
