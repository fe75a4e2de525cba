"""What the clients of one address may use of a node together. Each node counts for itself."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final

from service.identity.identity import Identity
from service.identity.rate_limit import ScopedRateLimit
from service.runtime.scoped_queue import ScopedQueue
from service.settings import Settings

# Handshakes of one address that are admitted at once, in seconds of its rate.
_BURST_SECONDS: Final = 4
# A client may return with a slot that another node has booked. So each address may claim some slots that this
# node knows nothing about: a share of its handshakes.
_CLAIMS: Final = 0.2
_HOUR: Final = 3600.0


class AddressLimits:
    """The connections, handshakes, sockets, requests and rooms of each address.

    Token users are known by their id, so their rooms are counted by it.
    """

    def __init__(self, settings: Settings, most_sockets: int) -> None:
        """Limit sockets without a session to `most_sockets` of one address."""
        rate = settings.admissions_per_address
        self._admissions = ScopedRateLimit(rate, max(1.0, _BURST_SECONDS * rate))
        requests = settings.requests_per_address
        self._requests = _Pace(requests)
        # A room that is opened costs about as much as a request.
        self._opened = _Pace(requests)
        self._claims = ScopedRateLimit(_CLAIMS * rate, max(1.0, _CLAIMS * _BURST_SECONDS * rate))
        new_rooms = settings.new_rooms_per_hour
        self._new_rooms = ScopedRateLimit(new_rooms / _HOUR, new_rooms)
        self._most_connections = settings.connections_per_address
        self._most_sockets = most_sockets
        # Plain dicts: a `Counter` takes a call in Python to find nothing, and one to delete.
        self._connections: dict[str, int] = {}
        self._sockets: dict[str, int] = {}

    def admit(self, address: str, now: float) -> float:
        """Take a handshake: return 0.0, or the seconds until one is granted."""
        return self._admissions.take(address, now)

    async def wait_for_request(self, address: str) -> bool:
        """Wait until an address may send another HTTP request; return whether it had to wait."""
        return await self._requests.wait(address)

    async def wait_to_open(self, identity: Identity, address: str) -> bool:
        """Wait until a user may open another room that no client has open; return whether it had to wait."""
        return await self._opened.wait(identity.limited_as(address))

    def claim_slot(self, address: str, now: float) -> bool:
        """Return whether a handshake that claims a booked slot takes precedence (CL4)."""
        return not self._claims.take(address, now)

    def begin_room(self, identity: Identity, address: str, now: float) -> float:
        """Take a new room of a user: return 0.0, or the seconds until one is granted."""
        return self._new_rooms.take(identity.limited_as(address), now)

    def connected(self, address: str) -> None:
        """Count a connection; each one is matched by `disconnected`."""
        self._connections[address] = self._connections.get(address, 0) + 1

    def disconnected(self, address: str) -> None:
        """Count a connection no more."""
        _subtract(self._connections, address)

    def is_over(self, address: str) -> bool:
        """Return whether an address has more connections than it may."""
        return self._connections.get(address, 0) > self._most_connections

    def open_socket(self, address: str) -> SocketPlace | None:
        """Count a socket without a session; None if the address has too many."""
        count = self._sockets.get(address, 0)
        if count >= self._most_sockets:
            return None
        self._sockets[address] = count + 1
        return SocketPlace(self._sockets, address)


class _Pace:
    """A rate above which callers wait. Only one of each scope waits for the clock, and the others for it."""

    __slots__ = ("_limit", "_queue")

    def __init__(self, rate: float) -> None:
        self._limit = ScopedRateLimit(rate, max(1.0, _BURST_SECONDS * rate))
        self._queue = ScopedQueue()

    async def wait(self, scope: str) -> bool:
        """Wait for the turn of a scope; return whether that was later than now."""
        if not self._queue.callers(scope) and not self._limit.take(scope, monotonic()):
            return False
        async with self._queue.turn(scope):
            await asyncio.sleep(self._limit.wait(scope, monotonic()))
            self._limit.spend(scope, monotonic(), 1)
        return True


class SocketPlace:
    """A socket that has no session yet, or that speaks HTTP. It is counted in `sockets` already."""

    __slots__ = ("_address", "_open", "_sockets")

    def __init__(self, sockets: dict[str, int], address: str) -> None:
        self._sockets = sockets
        self._address = address
        self._open = True

    def release(self) -> None:
        """Count the socket no more: it is lost, or has a session. Idempotent."""
        if self._open:
            self._open = False
            _subtract(self._sockets, self._address)


def _subtract(counts: dict[str, int], address: str) -> None:
    left = counts.pop(address) - 1
    if left:
        counts[address] = left
