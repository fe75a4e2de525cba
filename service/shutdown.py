"""The graceful shutdown of a node: its clients move to other nodes at a set pace, and resume there (CL3).

Each client receives its own delay, so that the clients of a full node don't reconnect all at once.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from brokers.registry import find_broker
from hubbub_protocol import encode, events
from service.wire.frames import text_frame

if TYPE_CHECKING:
    from service.node import Node
    from service.runtime.process import ShutdownSignal

# The delays are spread over this part of the time limit. In the rest the last clients disconnect.
SPREAD: Final = 0.8

_log: Final = logging.getLogger(__name__)


async def serve_until(shutdown: ShutdownSignal, node: Node, on_started: Callable[[], Awaitable[None]]) -> int:
    """Wait for a shutdown signal, and return its number; `on_started` is called when the broker is started.

    Raises:
        BrokerError: the broker did not start.
    """
    started = node.broker_start.done
    either: set[asyncio.Future[Any]] = {started, shutdown.received}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if started.done():
        started.result()
        await on_started()
    return await shutdown.received


def moves_clients(broker: str, number: int) -> bool:
    """Return whether a signal stops one of several nodes, to which clients can move.

    The clients of a broker in memory have no other node. Those that left first would miss what the others
    still send, so all connections are closed at once.
    """
    return number == signal.SIGTERM and find_broker(broker).shared


async def drain(node: Node) -> None:
    """Reject new connections, send `drain` to the others, and wait for their end within the time limit."""
    node.draining = True
    connections = [connection for connection in node.connections if connection.codec.supports_events]
    _log.info("draining", extra={"connections": len(connections)})
    step = node.settings.drain_seconds * SPREAD * 1000 / max(1, len(connections))
    for place, connection in enumerate(connections):
        connection.write(text_frame(encode(events.Drain(delay=int(place * step)))))
    await node.until_empty(node.settings.drain_seconds)
