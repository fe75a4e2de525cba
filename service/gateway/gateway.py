"""The part of a node that its accepted sockets use, in one typed object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from service.transport.websocket import WebSocket

if TYPE_CHECKING:
    import asyncio

    from service.gateway.admission import Admission
    from service.node import Node

# All sockets of the server. Each has the methods `close_if_idle` and `abort`.
Sockets: TypeAlias = set[object]


@dataclass(frozen=True, slots=True)
class Gateway:
    """The node that owns a port, and the admission of its connections."""

    node: Node
    admission: Admission

    def make_websocket(self, transport: asyncio.Transport, sockets: Sockets) -> WebSocket:
        """Hand over an upgraded transport to a `WebSocket`."""
        settings = self.node.settings
        transport.set_write_buffer_limits(high=settings.write_buffer_bytes)
        websocket = WebSocket(transport, settings.frame_bytes, settings.close_seconds, sockets)
        transport.set_protocol(websocket)
        return websocket
