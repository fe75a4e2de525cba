"""The graceful shutdown of a node: its clients move to other nodes at a set pace, and resume there (CL3).

Each client receives its own delay, so that the clients of a full node don't reconnect all at once.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from hubbub_protocol import encode, events
from service.wire.frames import text_frame

if TYPE_CHECKING:
    from service.node import Node

# The delays are spread over this part of the time limit. In the rest the last clients disconnect.
SPREAD: Final = 0.8

_log: Final = logging.getLogger(__name__)


async def drain(node: Node) -> None:
    """Reject new connections, send `drain` to the others, and wait for their end within the time limit."""
    node.draining = True
    connections = [connection for connection in node.connections if connection.codec.supports_events]
    _log.info("draining", extra={"connections": len(connections)})
    step = node.settings.drain_seconds * SPREAD * 1000 / max(1, len(connections))
    for place, connection in enumerate(connections):
        connection.write(text_frame(encode(events.Drain(delay=int(place * step)))))
    await node.until_empty(node.settings.drain_seconds)
