"""Run one node, from the listening socket to the last closed connection."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Final, cast

from sanic import Sanic
from sanic.config import Config
from sanic.server.async_server import AsyncioServer

from brokers.base import Broker
from brokers.registry import make_broker
from hubbub_protocol import Close
from service.app import make_app, make_operator_app
from service.archiving.archiving import Archiving, archiving
from service.gateway.accept_errors import counting_accept_errors
from service.gateway.acceptor import Acceptor
from service.gateway.admission import Admission
from service.gateway.gateway import Gateway
from service.gateway.http_protocol import HttpProtocol
from service.gateway.origins import HandshakePolicy
from service.http.health import Workers
from service.node import Node
from service.runtime.listener import listen, listen_for_operators
from service.settings import Settings
from service.settings.tuning import DEFAULTS, Tuning

# Sanic has no callback for an answered request: the interval of checks while the node stops (seconds).
_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Running:
    """A running node, and its address."""

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
    """Serve for the time of the block. At its end all connections are closed with 1012.

    `broker` replaces the one in the settings. A worker passes its `listener`, and all `workers` on the port.

    Raises:
        CannotListen: the port is in use, or the address is not one of this machine.
        CannotOpenArchive: the archive can't be opened.
        BrokerError: the broker is unreachable, or not usable.
    """
    # First of all, so that a port in use is reported at once.
    with listener or listen(settings) as bound, _operators(settings, workers) as operators:
        async with (
            _archive(settings if broker is None else None, tuning) as opened,
            Node(settings, broker or _broker(settings, opened), tuning, archiving=opened) as node,
            _serving(node, bound, operators, workers),
        ):
            host, port = bound.getsockname()[:2]
            yield Running(node, host, port)


@contextmanager
def _operators(settings: Settings, workers: Workers | None) -> Iterator[socket.socket | None]:
    """Listen on the port for operators, if there is one."""
    if not settings.operator_port:
        yield None
        return
    with listen_for_operators(settings, shared=workers is not None) as bound:
        yield bound


@asynccontextmanager
async def _archive(settings: Settings | None, tuning: Tuning) -> AsyncIterator[Archiving | None]:
    """Open the archive, if the settings name one."""
    if settings is None or not settings.archive_url:
        yield None
        return
    async with archiving(settings, tuning) as opened:
        yield opened


def _broker(settings: Settings, opened: Archiving | None) -> Broker:
    """Make the broker that the settings name, or take the one that writes to the archive."""
    if opened is not None:
        return opened.broker
    return make_broker(settings.broker, settings.broker_options)


@asynccontextmanager
async def _serving(
    node: Node, listener: socket.socket, operators: socket.socket | None, workers: Workers | None
) -> AsyncIterator[None]:
    settings = node.settings
    policy = HandshakePolicy(settings.origins, settings.hosts)
    gateway = Gateway(node, Admission(settings, node.metrics), node.turns, policy)
    async with AsyncExitStack() as stack:
        if operators is not None:
            http = partial(HttpProtocol, gateway, None)
            server = await _start(make_operator_app(gateway, workers), operators, http, node.settings)
            stack.push_async_callback(_stop, server, node.settings.close_seconds)
        server = await _start(make_app(gateway, workers), listener, partial(Acceptor, gateway), node.settings)
        stack.push_async_callback(_stop, server, node.settings.close_seconds)
        stack.push_async_callback(node.close_all, Close.RESTART, "the node is restarting; reconnect")
        stack.callback(_reject_clients, node, server)
        with counting_accept_errors(node.metrics):
            yield


async def _start(
    app: Sanic[Config, SimpleNamespace],
    listener: socket.socket,
    protocol: Callable[..., object],
    settings: Settings,
) -> AsyncioServer:
    # Sanic closes its socket, and the caller still needs the name of the listener.
    server = cast(
        AsyncioServer,
        await app.create_server(
            sock=listener.dup(),
            # Sanic only calls it, once for each socket.
            protocol=cast("type[asyncio.Protocol]", protocol),
            backlog=settings.backlog,
        ),
    )
    await server.startup()  # type: ignore[no-untyped-call]
    await server.start_serving()  # type: ignore[no-untyped-call]
    return server


def _reject_clients(node: Node, server: AsyncioServer) -> None:
    node.draining = True
    cast(asyncio.Server, server.server).close()


async def _stop(server: AsyncioServer, limit: float) -> None:
    cast(asyncio.Server, server.server).close()
    await _finish_requests(server, limit)
    for connection in list(server.connections):
        connection.abort()
    Sanic.unregister_app(server.app)


async def _finish_requests(server: AsyncioServer, limit: float) -> None:
    """Answer the HTTP requests that have arrived already, within `limit` seconds."""
    end = asyncio.get_running_loop().time() + limit
    while server.connections and asyncio.get_running_loop().time() < end:
        for connection in list(server.connections):
            connection.close_if_idle()
        await asyncio.sleep(_POLL_SECONDS)
