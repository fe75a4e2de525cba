"""The rate limit of one connection's frames: tokens that are paid when the frames are processed.

A frame is never rejected. A connection whose tokens are spent is not read until they are refilled, so TCP
slows its client down. A client that does not slow down for `flood_seconds` is flooding the node.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Self

from service.settings import Settings


@dataclass(frozen=True, slots=True)
class InputRate:
    """The limits that all connections of a node have in common.

    Attributes:
        interval: the time in which one token is refilled (seconds).
        span: the time in which all tokens are refilled (seconds).
        flood_seconds: how long a connection may stay above the rate.
    """

    interval: float
    span: float
    flood_seconds: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Add the limit of sends, so that a client within that limit is never slowed down."""
        rate = settings.commands_per_second + settings.sends_per_second
        burst = settings.commands_burst + settings.sends_burst
        return cls(1.0 / rate, burst / rate, settings.flood_seconds)


class InputBudget:
    """The tokens of one connection. The caller passes the time of any monotonic clock."""

    __slots__ = ("_above_at", "_above_since", "_full_at", "rate")

    def __init__(self, rate: InputRate) -> None:
        self.rate = rate
        self._full_at = self._above_at = self._above_since = -inf

    def spend(self, tokens: float, now: float) -> bool:
        """Spend tokens, even if there are too few; return whether the connection may continue."""
        # A comparison and not `max`, which costs more than the rest: each frame is charged.
        rate, full_at = self.rate, self._full_at
        self._full_at = full_at = (full_at if full_at > now else now) + tokens * rate.interval  # noqa: FURB136
        return full_at - now <= rate.span

    def wait(self, now: float) -> float:
        """Return the seconds until the tokens that were spent in advance are refilled."""
        return max(0.0, self._full_at - now - self.rate.span)

    def refilled(self, now: float) -> None:
        """Record that a wait is over."""
        self._above_at = now

    def is_flooding(self, now: float) -> bool:
        """Record that the connection is above its rate; return whether it has been there for too long.

        A client that pauses until half of its tokens are refilled starts anew.
        """
        if now - self._above_at > self.rate.span / 2:
            self._above_since = now
        self._above_at = now
        return now - self._above_since >= self.rate.flood_seconds
