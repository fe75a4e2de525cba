"""How much a user may send: messages and bytes a second, over all connections to this node.

A guest can become another guest at any time. So the guests of one address together may send a multiple of
what one user may. Each node counts for itself.
"""

from __future__ import annotations

from collections import OrderedDict
from math import inf
from typing import Final

from service.identity.identity import Identity
from service.identity.rate_limit import WAIT_TOLERANCE
from service.settings import Settings

# The share of all guests of one address, in shares of one user.
_GUESTS: Final = 10
# Bytes that may be sent at once, in seconds of the rate; at least one frame.
_BURST_SECONDS: Final = 8
# Users and addresses that are tracked; beyond it, the one that connected or posted longest ago starts afresh.
_MOST: Final = 10_000


class SendRate:
    """The messages and the bytes of one user, or of the guests of one address.

    Two token buckets (see `rate_limit.TokenBucket`) as plain numbers: each message asks both, of two rates.
    """

    __slots__ = (
        "_byte_interval", "_byte_span", "_bytes_full_at",
        "_message_interval", "_message_span", "_messages_full_at",
    )  # fmt: skip

    def __init__(self, settings: Settings, share: int) -> None:
        sends = share * settings.sends_per_second
        self._message_interval = 1.0 / sends
        self._message_span = share * settings.sends_burst / sends
        rate = settings.bytes_per_second
        self._byte_interval = 1.0 / (share * rate)
        self._byte_span = max(_BURST_SECONDS * rate, settings.frame_bytes) / rate
        self._messages_full_at = self._bytes_full_at = -inf

    def take(self, now: float, size: int) -> float:
        """Take a message of so many bytes: return 0.0 if granted, else the seconds until it would be."""
        if self._messages_full_at <= now and self._bytes_full_at <= now:
            # Both buckets are full, and a full one grants any message: the usual case.
            self._messages_full_at = now + self._message_interval
            self._bytes_full_at = now + size * self._byte_interval
            return 0.0
        messages = max(self._messages_full_at, now) + self._message_interval
        octets = max(self._bytes_full_at, now) + size * self._byte_interval
        wait = max(messages - self._message_span, octets - self._byte_span) - now
        if wait > WAIT_TOLERANCE:
            return wait
        self._messages_full_at, self._bytes_full_at = messages, octets
        return 0.0

    def give_back(self, size: int) -> None:
        """Return what `take` granted: the message was refused elsewhere."""
        self._messages_full_at -= self._message_interval
        self._bytes_full_at -= size * self._byte_interval


class SendLimit:
    """The rates that one session has to keep: the user's, and a guest's share of its address."""

    __slots__ = ("_own", "_shared")

    def __init__(self, own: SendRate, shared: SendRate | None = None) -> None:
        self._own = own
        self._shared = shared

    def take(self, text: str, now: float) -> float:
        """Take a message: return 0.0 if it was granted, otherwise the seconds until it would be."""
        size = len(text) if text.isascii() else len(text.encode(errors="replace"))
        shared = self._shared
        wait = self._own.take(now, size)
        if not wait and shared is not None:
            wait = shared.take(now, size)
            if wait:
                self._own.give_back(size)
        return wait


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
