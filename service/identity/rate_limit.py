"""Rate limits: token buckets, one alone or one for each scope."""

from __future__ import annotations

from collections import OrderedDict
from math import inf
from typing import Final

# Rounding error of a wait: a client that waited as long as it was asked to must be granted.
WAIT_TOLERANCE: Final = 1e-6


class TokenBucket:
    """Grant `burst` at once and `rate` a second in the long run.

    The state is one number: when the bucket is full again. The caller passes the time of any monotonic clock.
    """

    __slots__ = ("_full_at", "_interval", "_span")

    def __init__(self, rate: float, burst: float) -> None:
        if not (rate > 0 and burst >= 1):
            raise ValueError(f"the rate must be above 0 and the burst at least 1, not {rate} and {burst}")
        self._interval = 1.0 / rate
        self._span = burst / rate
        self._full_at = -inf

    def take(self, now: float, tokens: float = 1.0) -> float:
        """Take a token: return 0.0 if it was granted, otherwise the seconds until it would be."""
        # A comparison and not `max`, which costs more than the rest.
        full_at = (self._full_at if self._full_at > now else now) + tokens * self._interval  # noqa: FURB136
        wait = full_at - now - self._span
        if wait > WAIT_TOLERANCE:
            return wait
        self._full_at = full_at
        return 0.0

    def wait(self, now: float, tokens: float = 1.0) -> float:
        """Return the seconds until so many tokens can be taken; 0.0 if they can be now. Takes none."""
        wait = max(self._full_at, now) + tokens * self._interval - now - self._span
        return wait if wait > WAIT_TOLERANCE else 0.0

    def spend(self, now: float, tokens: float = 1.0) -> None:
        """Take so many tokens, also more than there are: then the next ones are granted later."""
        self._full_at = max(self._full_at, now) + tokens * self._interval

    def available(self, now: float) -> float:
        """Return how many tokens could be taken now, with fractions."""
        return (self._span - max(0.0, self._full_at - now)) / self._interval


class ScopedRateLimit:
    """A token bucket for each of the `max_scopes` scopes used last; an evicted bucket starts full again."""

    __slots__ = ("_buckets", "_burst", "_max_scopes", "_rate")

    def __init__(self, rate: float, burst: float, *, max_scopes: int = 10_000) -> None:
        self._rate = rate
        self._burst = burst
        self._max_scopes = max_scopes
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, scope: str, now: float, tokens: float = 1.0) -> float:
        """Take a token of a scope: return 0.0 if it was granted, otherwise the seconds until it would be."""
        return self._bucket(scope).take(now, tokens)

    def spend(self, scope: str, now: float, tokens: float) -> None:
        """Take tokens of a scope, also more than there are."""
        self._bucket(scope).spend(now, tokens)

    def wait(self, scope: str, now: float) -> float:
        """Return the seconds until a token of a scope can be taken; 0.0 if it can be now."""
        bucket = self._buckets.get(scope)
        return bucket.wait(now) if bucket is not None else 0.0

    def _bucket(self, scope: str) -> TokenBucket:
        bucket = self._buckets.get(scope)
        if bucket is not None:
            self._buckets.move_to_end(scope)
            return bucket
        bucket = self._buckets[scope] = TokenBucket(self._rate, self._burst)
        if len(self._buckets) > self._max_scopes:
            self._buckets.popitem(last=False)
        return bucket
