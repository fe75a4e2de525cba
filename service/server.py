"""Running one node: from a free port to the last connection closed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from sanic import Sanic
from sanic.server.async_server import AsyncioServer

from brokers.base import Broker
from brokers.registry import make_broker
from hubbub_protocol import Close
from service.app import make_app
from service.gateway.acceptor import Acceptor
from service.gateway.admission import Admission
from service.gateway.gateway import Gateway
from service.http.health import Workers
from service.node import Node
from service.runtime.listener import listen
from service.settings import Settings
from service.settings.tuning import DEFAULTS, Tuning

# Sanic tells nobody that a request is answered: how often it's looked at while the node stops (seconds).
_GLANCE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Running:
    """A node that serves."""

    node: Node
    host: str
    port: int


@asynccontextmanager
async def running(
    settings: Settings,
    broker: Broker | None = None,
    *,
    listener: socket.socket | None = None,
    tuning: Tuning = DEFAULTS,
    workers: Workers | None = None,
) -> AsyncIterator[Running]:
    """Serve for the time of the block; at its end all connections are closed with 1012.

    `broker` stands in for the one that the settings name. One of several workers is handed its `listener`,
    and the `crew` of all.

    Raises:
        CannotListen: the port is taken, or the address is not this machine's.
        BrokerError: the broker can't be reached, or can't serve.
    """
    # Before anything else is done, so that a port which is taken is said at once.
    with listener or listen(settings) as here:
        broker = broker or make_broker(settings.broker, settings.broker_options)
        async with Node(settings, broker, tuning) as node, _serving(node, here, workers):
            host, port = here.getsockname()[:2]
            yield Running(node, host, port)


@asynccontextmanager
async def _serving(node: Node, listener: socket.socket, workers: Workers | None) -> AsyncIterator[None]:
    gateway = Gateway(node, Admission(node.settings, node.metrics))
    app = make_app(gateway, workers)
    # The socket keeps a name of its own after `server` has closed it.
    server = cast(
        AsyncioServer,
        await app.create_server(
            sock=listener.dup(),
            # Sanic calls it for each socket, and asks nothing else of it.
            protocol=cast("type[asyncio.Protocol]", partial(Acceptor, gateway)),
            backlog=node.settings.backlog,
        ),
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
        await _finish_requests(server, node.settings.close_seconds)
        for connection in list(server.connections):
            connection.abort()
        Sanic.unregister_app(app)


async def _finish_requests(server: AsyncioServer, limit: float) -> None:
    """Let HTTP requests be answered that are here already, for `limit` seconds at most."""
    end = asyncio.get_running_loop().time() + limit
    while server.connections and asyncio.get_running_loop().time() < end:
        for connection in list(server.connections):
            connection.close_if_idle()
        await asyncio.sleep(_GLANCE)
