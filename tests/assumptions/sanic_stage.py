"""A real Sanic server on loopback, made as `service/server.py` makes it, and a client that writes bytes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.response import text
from sanic.server.async_server import AsyncioServer

_numbers: Final = count()

GET: Final = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"
# Without its body of five bytes.
POST: Final = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
UPGRADE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A server, and what a test may want of it."""

    app: Sanic[Any, Any]
    server: AsyncioServer
    port: int

    async def dial(self, *parts: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect, and write."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"".join(parts))
        return reader, writer


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """Read one answer with a body: its head, in small letters."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return head


async def _home(_: Request) -> HTTPResponse:
    return text("home")


@asynccontextmanager
async def stage(
    protocol: Callable[..., asyncio.Protocol],
    chat: Callable[..., Any] | None = None,
    **settings: object,
) -> AsyncIterator[Stage]:
    """Serve `/`, and `/ws` by `chat`, on connections of this kind."""
    config = Config(env_prefix="")
    config.update({"ACCESS_LOG": False, "MOTD": False, "TOUCHUP": False, **settings})
    app: Sanic[Any, Any] = Sanic(f"assumption-{next(_numbers)}", config=config, configure_logging=False)
    app.add_route(_home, "/", methods=["GET", "POST"])
    if chat is not None:
        app.add_websocket_route(chat, "/ws")
    listener = socket.create_server(("127.0.0.1", 0))
    server: Any = await app.create_server(sock=listener, protocol=protocol, backlog=100)  # type: ignore[arg-type]
    try:
        await server.startup()
        await server.start_serving()
        yield Stage(app, server, listener.getsockname()[1])
    finally:
        server.server.close()
        for connection in list(server.connections):
            connection.abort()
        Sanic.unregister_app(app)
