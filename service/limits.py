"""How often something may happen."""

from __future__ import annotations

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
