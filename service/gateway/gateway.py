"""The part of a node that its accepted sockets use, in one typed object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from service.gateway.invalid_requests import InvalidRequests
from service.gateway.origins import HandshakePolicy
from service.transport.websocket import WebSocket

if TYPE_CHECKING:
    import asyncio

    from service.gateway.admission import Admission
    from service.node import Node
    from service.transport.input_turns import InputTurns

# All sockets of the server. Each has the methods `close_if_idle` and `abort`.
Sockets: TypeAlias = set[object]


@dataclass(frozen=True, slots=True)
class Gateway:
    """The node that owns a port, the admission of its connections, and the turns of their input."""

    node: Node
    admission: Admission
    turns: InputTurns
    policy: HandshakePolicy = field(default_factory=HandshakePolicy)
    invalid_requests: InvalidRequests = field(default_factory=InvalidRequests)

    def make_websocket(self, transport: asyncio.Transport, sockets: Sockets) -> WebSocket:
        """Hand over an upgraded transport to a `WebSocket`."""
        settings = self.node.settings
        transport.set_write_buffer_limits(high=settings.write_buffer_bytes)
        websocket = WebSocket(transport, settings.frame_bytes, settings.close_seconds, sockets, self.turns)
        transport.set_protocol(websocket)
        return websocket
