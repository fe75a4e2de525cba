"""Draining a node: its clients are sent away at a set pace, and resume elsewhere (CL3).

Each client is told a delay of its own, so that a full node doesn't come down on the others at once.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from hubbub_protocol import encode, events
from service.wire.frames import text_frame

if TYPE_CHECKING:
    from service.node import Node

# The part of the time over which the delays are spread; the rest is for the last ones to go.
SPREAD: Final = 0.8

_log: Final = logging.getLogger(__name__)


async def drain(node: Node) -> None:
    """Take no more connections, send those that are here away, and wait for them within the set time."""
    node.draining = True
    leaving = [connection for connection in node.connections if connection.codec.speaks_events]
    _log.info("draining", extra={"connections": len(leaving)})
    step = node.settings.drain_seconds * SPREAD * 1000 / max(1, len(leaving))
    for place, connection in enumerate(leaving):
        connection.write(text_frame(encode(events.Drain(delay=int(place * step)))))
    await node.until_empty(node.settings.drain_seconds)
