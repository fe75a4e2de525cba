"""What the clients of one address may use of a node together. Each node counts for itself."""

from __future__ import annotations

from collections import Counter
from typing import Final

from service.identity.identity import Identity
from service.identity.rate_limit import ScopedRateLimit
from service.settings import Settings

# Handshakes of one address that are admitted at once, in seconds of its rate.
_BURST_SECONDS: Final = 4
# A client may return with a slot that another node has booked. So each address may claim some slots that this
# node knows nothing about: a share of its handshakes.
_CLAIMS: Final = 0.2
_HOUR: Final = 3600.0


class AddressLimits:
    """The connections, handshakes, sockets and new rooms of each address.

    Token users are known by their id, so their new rooms are counted by it.
    """

    def __init__(self, settings: Settings, most_sockets: int) -> None:
        """Limit sockets without a session to `most_sockets` of one address."""
        rate = settings.admissions_per_address
        self._admissions = ScopedRateLimit(rate, max(1.0, _BURST_SECONDS * rate))
        requests = settings.requests_per_address
        self._requests = ScopedRateLimit(requests, max(1.0, _BURST_SECONDS * requests))
        self._claims = ScopedRateLimit(_CLAIMS * rate, max(1.0, _CLAIMS * _BURST_SECONDS * rate))
        new_rooms = settings.new_rooms_per_hour
        self._new_rooms = ScopedRateLimit(new_rooms / _HOUR, new_rooms)
        self._most_connections = settings.connections_per_address
        self._most_sockets = most_sockets
        self._connections: Counter[str] = Counter()
        self._sockets: Counter[str] = Counter()

    def admit(self, address: str, now: float) -> float:
        """Take a handshake: return 0.0, or the seconds until one is granted."""
        return self._admissions.take(address, now)

    def request(self, address: str, now: float) -> float:
        """Take an HTTP request: return 0.0, or the seconds until one is granted."""
        return self._requests.take(address, now)

    def claim_slot(self, address: str, now: float) -> bool:
        """Return whether a handshake that claims a booked slot takes precedence (CL4)."""
        return not self._claims.take(address, now)

    def begin_room(self, identity: Identity, address: str, now: float) -> float:
        """Take a new room of a user: return 0.0, or the seconds until one is granted."""
        scope = f"address:{address}" if identity.is_guest else identity.scope
        return self._new_rooms.take(scope, now)

    def connected(self, address: str) -> None:
        """Count a connection; each one is matched by `disconnected`."""
        self._connections[address] += 1

    def disconnected(self, address: str) -> None:
        """Count a connection no more."""
        _subtract(self._connections, address)

    def is_over(self, address: str) -> bool:
        """Return whether an address has more connections than it may."""
        return self._connections[address] > self._most_connections

    def open_socket(self, address: str) -> SocketPlace | None:
        """Count a socket without a session; None if the address has too many."""
        if self._sockets[address] >= self._most_sockets:
            return None
        return SocketPlace(self._sockets, address)


class SocketPlace:
    """A socket that has no session yet, or that speaks HTTP."""

    __slots__ = ("_address", "_open", "_sockets")

    def __init__(self, sockets: Counter[str], address: str) -> None:
        self._sockets = sockets
        self._address = address
        self._open = True
        sockets[address] += 1

    def release(self) -> None:
        """Count the socket no more: it is lost, or has a session. Idempotent."""
        if self._open:
            self._open = False
            _subtract(self._sockets, self._address)


def _subtract(counts: Counter[str], address: str) -> None:
    counts[address] -= 1
    if not counts[address]:
        del counts[address]
