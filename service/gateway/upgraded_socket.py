"""What Sanic keeps of a connection that became a websocket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub_protocol import Close

if TYPE_CHECKING:
    from service.gateway.attach import Rejected
    from service.transport.websocket import WebSocket


class UpgradedSocket:
    """Takes the place of Sanic's own websocket, and keeps ours open when the handler returns."""

    __slots__ = ("address", "rejected", "websocket")

    def __init__(self, websocket: WebSocket, address: str, rejected: Rejected | None) -> None:
        self.websocket = websocket
        self.address = address
        # A connection rate limit was exceeded.
        self.rejected = rejected

    async def close(self, _code: int = 1000) -> None:
        """Close the connection if the handler returned without attaching a session: it failed."""
        if not self.websocket.attached:
            self.websocket.close(Close.INTERNAL, "the server could not open the connection")

    def end_connection(self, _code: int = 1000) -> None:
        """Abort the connection if the handler was cancelled: it is lost, or the server stops."""
        if not self.websocket.attached:
            self.websocket.abort()
