"""Running one node: from a free port to the last connection closed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from sanic import Sanic
from sanic.server.async_server import AsyncioServer

from brokers.base import Broker
from brokers.registry import make_broker
from hubbub_protocol import Close
from service.app import make_app
from service.lean import LeanProtocol
from service.node import Node
from service.settings import Settings


class CannotListen(Exception):
    """The address can't be listened on; the message says why and what to set."""


@dataclass(frozen=True, slots=True)
class Running:
    """A node that serves."""

    node: Node
    host: str
    port: int


@asynccontextmanager
async def running(settings: Settings, broker: Broker | None = None) -> AsyncIterator[Running]:
    """Serve for the time of the block; at its end all connections are closed with 1012.

    `broker` stands in for the one that the settings name.

    Raises:
        CannotListen: the port is taken, or the address is not this machine's.
        BrokerError: the broker can't be reached, or can't serve.
    """
    listener = _listen(settings)
    try:
        broker = broker or make_broker(settings.broker, settings.broker_options)
        async with Node(settings, broker) as node, _serving(node, listener):
            host, port = listener.getsockname()[:2]
            yield Running(node, host, port)
    finally:
        listener.close()


@asynccontextmanager
async def _serving(node: Node, listener: socket.socket) -> AsyncIterator[None]:
    app = make_app(node)
    # The socket keeps a name of its own after `server` has closed it.
    server = cast(
        AsyncioServer,
        await app.create_server(sock=listener.dup(), protocol=LeanProtocol, backlog=node.settings.backlog),
    )
    sockets = cast(asyncio.Server, server.server)
    try:
        await server.startup()  # type: ignore[no-untyped-call]
        await server.start_serving()  # type: ignore[no-untyped-call]
        yield
    finally:
        node.draining = True
        sockets.close()
        await node.close_all(Close.RESTART, "the node restarts")
        for connection in list(server.connections):
            connection.abort()
        Sanic.unregister_app(app)


def _listen(settings: Settings) -> socket.socket:
    """Take the port before anything else is done, so that a taken one is said at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=settings.backlog)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise CannotListen(
            f"can't listen on {where}: {error.strerror}. Set HUBBUB_PORT or HUBBUB_HOST to another."
        ) from error
