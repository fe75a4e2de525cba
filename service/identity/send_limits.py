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

    Attributes:
        messages_full_at: when the bucket of messages is full again.
        bytes_full_at: when the bucket of bytes is.
        message_interval: the time in which a message is refilled (seconds).
        byte_interval: the time in which a byte is.
    """

    __slots__ = (
        "_byte_span", "_message_span", "byte_interval", "bytes_full_at", "message_interval",
        "messages_full_at",
    )  # fmt: skip

    def __init__(self, settings: Settings, share: int) -> None:
        sends = share * settings.sends_per_second
        self.message_interval = 1.0 / sends
        self._message_span = share * settings.sends_burst / sends
        rate = settings.bytes_per_second
        self.byte_interval = 1.0 / (share * rate)
        self._byte_span = max(_BURST_SECONDS * rate, settings.frame_bytes) / rate
        self.messages_full_at = self.bytes_full_at = -inf

    def take(self, now: float, size: int) -> float:
        """Take a message of so many bytes: return 0.0 if granted, else the seconds until it would be."""
        messages = max(self.messages_full_at, now) + self.message_interval
        octets = max(self.bytes_full_at, now) + size * self.byte_interval
        wait = max(messages - self._message_span, octets - self._byte_span) - now
        if wait > WAIT_TOLERANCE:
            return wait
        self.messages_full_at, self.bytes_full_at = messages, octets
        return 0.0

    def give_back(self, size: int) -> None:
        """Return what `take` granted: the message was refused elsewhere."""
        self.messages_full_at -= self.message_interval
        self.bytes_full_at -= size * self.byte_interval


class SendLimit:
    """The rates that one session has to keep: the user's, and a guest's share of its address."""

    __slots__ = ("_rates",)

    def __init__(self, *rates: SendRate) -> None:
        self._rates = rates

    def take(self, text: str, now: float) -> float:
        """Take a message: return 0.0 if it was granted, otherwise the seconds until it would be."""
        size = len(text) if text.isascii() else len(text.encode(errors="replace"))
        for rate in self._rates:
            if rate.messages_full_at > now or rate.bytes_full_at > now:
                return self._take_in_turn(size, now)
        # All buckets are full, and a full one grants any message: the usual case, without more calls.
        for rate in self._rates:
            rate.messages_full_at = now + rate.message_interval
            rate.bytes_full_at = now + size * rate.byte_interval
        return 0.0

    def _take_in_turn(self, size: int, now: float) -> float:
        for number, rate in enumerate(self._rates):
            wait = rate.take(now, size)
            if wait:
                for before in self._rates[:number]:
                    before.give_back(size)
                return wait
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
