"""Proxy the connections to a server, so that a test can make it unreachable."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_PIECE = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The reply to a publish as bytes on the wire, for a test that drops it.

    Attributes:
        asked: pattern of the request; the reply follows on the same connection.
        given: pattern of the reply.
        cut: whether the connection is closed as well, where replies are matched by their order.
    """

    asked: re.Pattern[bytes] = re.compile(b"")
    given: re.Pattern[bytes] = re.compile(b"")
    cut: bool = False


class Loss:
    """A reply to drop: on the first connection with a request, of all proxies that share it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._ordered = False
        self._victim: object = None

    def order(self) -> None:
        self._ordered = True

    def cancel(self) -> None:
        self._ordered = False
        self._victim = None

    def ask(self, connection: object, data: bytes) -> None:
        if self._ordered and self._answer.asked.search(data):
            self._ordered = False
            self._victim = connection

    def answer(self, connection: object, data: bytes) -> bytes:
        """Remove the reply from the received bytes. Raises `EOFError` if the connection has to end."""
        if self._victim is not connection or not (match := self._answer.given.search(data)):
            return data
        self._victim = None
        if self._answer.cut:
            raise EOFError
        return data[: match.start()] + data[match.end() :]


@dataclass(slots=True, kw_only=True)
class Connection:
    """What a proxy knows of a connection: when it was used last, and what was requested on it."""

    used_at: float
    asked: bytes = b""
    forgotten: bool = False


class Proxy:
    """Forwards bytes in its own thread and loop, so that a test neither sees its tasks nor waits for them.

    `behind` is the server's port on this machine, or its socket file; with `tls` the proxy accepts only TLS.
    """

    def __init__(self, behind: int | Path, answer: Answer | Loss, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._behind = behind
        self._loss = answer if isinstance(answer, Loss) else Loss(answer)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._handlers: set[asyncio.Task[None]] = set()
        self._connections: dict[object, Connection] = {}
        self._server: asyncio.Server | None = None
        self._refusing = False

    async def open(self) -> int:
        """Open the port and return it."""
        self._thread.start()
        return await self._there(self._listen())

    async def close(self) -> None:
        """Close the port and end the thread."""
        await self._there(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def refuse(self) -> None:
        """Close all connections, and reject new ones."""
        await self._there(self._cut(refusing=True))

    async def accept(self) -> None:
        """Accept connections again."""
        await self._there(self._cut(refusing=False))

    def lose_answer(self) -> None:
        """Forward the next publish, but drop its reply."""
        self._loss.order()

    async def forget_idle(self, seconds: float, *, but: re.Pattern[bytes]) -> int:
        """Forget connections that were idle for so long, as a middlebox does: they stay, and nothing passes.

        `but` is the pattern of a request: connections that have carried one are remembered. Returns how many
        are forgotten.
        """
        return await self._there(self._forget(seconds, but))

    async def _forget(self, seconds: float, but: re.Pattern[bytes]) -> int:
        now = self._loop.time()
        for connection in self._connections.values():
            if now - connection.used_at > seconds and not but.search(connection.asked):
                connection.forgotten = True
        return sum(connection.forgotten for connection in self._connections.values())

    async def _there(self, what: Coroutine[object, object, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(what, self._loop))

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        return int(self._server.sockets[0].getsockname()[1])

    async def _end(self) -> None:
        assert self._server
        await self._cut(refusing=True)
        # A connection accepted just before would leak if its server were closed now.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
        self._server.close()
        await self._server.wait_closed()
        await asyncio.sleep(0)

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
        self._connections[handler] = Connection(used_at=self._loop.time())
        try:
            server, to_server = await self._connect()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._pass_on(client, to_server, handler))
                    tasks.create_task(self._pass_back(server, to_client, handler))
            finally:
                to_server.transport.abort()
        except* (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            to_client.transport.abort()
            self._handlers.discard(handler)
            del self._connections[handler]

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._behind, Path):
            return await asyncio.open_unix_connection(str(self._behind))
        return await asyncio.open_connection("127.0.0.1", self._behind)

    def _passes(self, connection: object, asked: bytes = b"") -> bool:
        known = self._connections[connection]
        known.used_at = self._loop.time()
        known.asked = (known.asked + asked)[-_PIECE:]
        return not known.forgotten

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, connection: object
    ) -> None:
        while data := await source.read(_PIECE):
            self._loss.ask(connection, data)
            if self._passes(connection, data):
                sink.write(data)
                await sink.drain()
        raise EOFError

    async def _pass_back(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, connection: object
    ) -> None:
        while data := await source.read(_PIECE):
            if self._passes(connection):
                sink.write(self._loss.answer(connection, data))
                await sink.drain()
        raise EOFError
