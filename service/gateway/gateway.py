"""The part of a node that its accepted sockets use, in one typed object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from service.gateway.admission import BOOKED
from service.gateway.invalid_requests import InvalidRequests
from service.gateway.origins import HandshakePolicy
from service.transport.websocket import WebSocket

if TYPE_CHECKING:
    import asyncio

    from service.gateway.admission import Admission, PendingHandshake
    from service.node import Node
    from service.transport.input_turns import InputTurns

# All sockets of the server. Each has the methods `close_if_idle` and `abort`.
Sockets: TypeAlias = set[object]


class Decision(NamedTuple):
    """Whether a handshake is admitted.

    Attributes:
        wait: 0.0 if it is, otherwise the seconds after which the client may return.
        booked: the node reserves a slot for the client at that time (CL4).
    """

    wait: float
    booked: bool = False


_ADMITTED: Final = Decision(0.0)


@dataclass(frozen=True, slots=True)
class Gateway:
    """The node that owns a port, the admission of its connections, and the turns of their input."""

    node: Node
    admission: Admission
    turns: InputTurns
    policy: HandshakePolicy = field(default_factory=HandshakePolicy)
    invalid_requests: InvalidRequests = field(default_factory=InvalidRequests)

    def decide(
        self, address: str, *, claims_slot: bool, on_decision: Callable[[Decision], None]
    ) -> PendingHandshake | None:
        """Apply the connection rate limits, of the address and of the node; return a handshake that waits.

        `claims_slot`: the client says that it returns for its booked slot. `on_decision` is called once. If
        this method returns None, it has been called.
        """
        limits, now = self.node.address_limits, monotonic()
        if wait := limits.admit(address, now):
            self.node.metrics.address_limited.add("admissions")
            on_decision(Decision(wait))
            return None
        booked = claims_slot and limits.claim_slot(address, now)
        return self.admission.enter(
            booked=booked,
            on_decision=lambda wait: on_decision(
                Decision(wait, booked=wait <= BOOKED) if wait else _ADMITTED
            ),
        )

    def make_websocket(self, transport: asyncio.Transport, sockets: Sockets) -> WebSocket:
        """Hand over an upgraded transport to a `WebSocket`."""
        settings = self.node.settings
        transport.set_write_buffer_limits(high=settings.write_buffer_bytes)
        websocket = WebSocket(transport, settings, sockets, self.turns)
        transport.set_protocol(websocket)
        return websocket
