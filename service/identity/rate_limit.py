"""Rate limits: token buckets, one alone or one for each user."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

# What rounding may add to a wait: who waited as long as was said must be let through.
_SLACK: Final = 1e-6


class TokenBucket:
    """Grant `burst` at once and `rate` a second in the long run.

    It's one number: when the bucket will be full again. Time is handed in, on any clock that doesn't go back.
    """

    __slots__ = ("_full_at", "_interval", "_span")

    def __init__(self, rate: float, burst: float) -> None:
        if not (rate > 0 and burst >= 1):
            raise ValueError(f"a rate above 0 and a burst of at least 1 are needed, not {rate} and {burst}")
        self._interval = 1.0 / rate
        self._span = burst / rate
        self._full_at = float("-inf")

    def take(self, now: float) -> float:
        """Take one: 0.0 if it was granted, otherwise the seconds to wait until it would be."""
        full_at = max(self._full_at, now) + self._interval
        wait = full_at - now - self._span
        if wait > _SLACK:
            return wait
        self._full_at = full_at
        return 0.0

    def left(self, now: float) -> float:
        """Tell how many could be taken now; a part of one has come in already."""
        return (self._span - max(0.0, self._full_at - now)) / self._interval


class ScopedRateLimit:
    """A token bucket for each of the `most` scopes that were used last; a forgotten one is full again."""

    __slots__ = ("_buckets", "_burst", "_most", "_rate")

    def __init__(self, rate: float, burst: float, *, most: int = 10_000) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, scope: str, now: float) -> float:
        """Take a token of a scope: 0.0 if it was granted, otherwise the seconds until it would be."""
        bucket = self._buckets.get(scope)
        if bucket is None:
            bucket = self._buckets[scope] = TokenBucket(self._rate, self._burst)
        self._buckets.move_to_end(scope)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return bucket.take(now)
