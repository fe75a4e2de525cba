"""How much a user may send: messages and bytes a second, over all connections to this node.

A guest can become another guest at any time. So the guests of one address together may send a multiple of
what one user may. Each node counts for itself.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from service.identity.identity import Identity
from service.identity.rate_limit import TokenBucket
from service.settings import Settings

# The share of all guests of one address, in shares of one user.
_GUESTS: Final = 10
# Bytes that may be sent at once, in seconds of the rate; at least one frame.
_BURST_SECONDS: Final = 8
# Users and addresses that are tracked; beyond it, the one that connected or posted longest ago starts afresh.
_MOST: Final = 10_000


class SendRate:
    """The messages and the bytes of one user, or of the guests of one address."""

    __slots__ = ("_bytes", "_messages")

    def __init__(self, settings: Settings, share: int) -> None:
        self._messages = TokenBucket(share * settings.sends_per_second, share * settings.sends_burst)
        rate = settings.bytes_per_second
        burst = max(_BURST_SECONDS * rate, settings.frame_bytes)
        self._bytes = TokenBucket(share * rate, share * burst)

    def wait(self, now: float, size: int) -> float:
        """Return the seconds until a message of so many bytes may be sent; 0.0 if it may be now."""
        return self._messages.wait(now) or self._bytes.wait(now, size)

    def spend(self, now: float, size: int) -> None:
        """Count a message of so many bytes."""
        self._messages.spend(now)
        self._bytes.spend(now, size)


class SendLimit:
    """The rates that one session has to keep, which it shares with others."""

    __slots__ = ("_rates",)

    def __init__(self, *rates: SendRate) -> None:
        self._rates = rates

    def take(self, text: str, now: float) -> float:
        """Take a message: return 0.0 if it was granted, otherwise the seconds until it would be."""
        size = len(text) if text.isascii() else len(text.encode(errors="replace"))
        for rate in self._rates:
            if wait := rate.wait(now, size):
                return wait
        for rate in self._rates:
            rate.spend(now, size)
        return 0.0


class SendLimits:
    """The rates of all users of a node."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rates: OrderedDict[str, SendRate] = OrderedDict()

    def find(self, identity: Identity, address: str) -> SendLimit:
        """Return the limit of a user who is at an address."""
        own = self._rate(f"user:{identity.id}", 1)
        if not identity.is_guest:
            return SendLimit(own)
        return SendLimit(own, self._rate(f"address:{address}", _GUESTS))

    def _rate(self, key: str, share: int) -> SendRate:
        rate = self._rates.get(key)
        if rate is None:
            rate = self._rates[key] = SendRate(self._settings, share)
        self._rates.move_to_end(key)
        if len(self._rates) > _MOST:
            self._rates.popitem(last=False)
        return rate
