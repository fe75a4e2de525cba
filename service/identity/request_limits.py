"""How much of the HTTP API a user may use: reads, and requests without valid credentials. By node."""

from __future__ import annotations

from typing import Final

from service.identity.rate_limit import ScopedRateLimit
from service.settings import Settings

# Requests of an address without valid credentials: a second, and at once.
_FAILURES_RATE: Final = 1.0
_FAILURES_BURST: Final = 20.0


class RequestLimits:
    """The reads of each user or program, and the rejected credentials of each address."""

    def __init__(self, settings: Settings) -> None:
        self._reads = ScopedRateLimit(settings.commands_per_second, settings.commands_burst)
        self._failures = ScopedRateLimit(_FAILURES_RATE, _FAILURES_BURST)

    def read(self, user: str, now: float, tokens: float) -> float:
        """Take tokens for a read: return 0.0 if it was granted, otherwise the seconds until it would be."""
        return self._reads.take(user, now, tokens)

    def charge(self, user: str, now: float, tokens: float) -> None:
        """Take tokens for the size of a response, also more than there are."""
        self._reads.spend(user, now, tokens)

    def wait(self, address: str, now: float) -> float:
        """Return the seconds until credentials from an address are checked again; 0.0 if they are now."""
        return self._failures.wait(address, now)

    def fail(self, address: str, now: float) -> None:
        """Count credentials that were rejected."""
        self._failures.take(address, now)
