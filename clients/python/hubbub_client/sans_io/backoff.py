"""Exponential backoff with jitter, and timers for retries."""

from collections.abc import Callable

# Added to the wait after a close with 4003, in ms (BO3).
FLOOD_WAIT = 10_000
_BASE, _CAP = 500, 20_000
# 500 * 2^6 exceeds the cap already. Without a bound, the exponent would grow during a long outage.
_MOST_DOUBLINGS = 6


def backoff(attempt: int, random: float, retry_after: int | None = None) -> int:
    """Return the wait before an attempt, in ms (BO1)."""
    ceiling = min(_CAP, _BASE * 2 ** min(attempt, _MOST_DOUBLINGS))
    return int(random * ceiling) + (retry_after or 0)


class RetryTimer:
    """When to retry what was rejected temporarily, and the number of consecutive rejections."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._rejections = 0
        self.due: int | None = None

    def schedule(self, now: int, retry_after: int | None = None) -> None:
        """Schedule a retry after `retry_after`, or as in BO1."""
        wait = backoff(self._rejections, self._random()) if retry_after is None else retry_after
        self._rejections += 1
        self.due = now + wait

    def is_pending(self, now: int) -> bool:
        """Return whether the retry is still pending."""
        return self.due is not None and now < self.due

    def is_due(self, now: int) -> bool:
        """Return, once, that the retry is due."""
        if self.due is None or now < self.due:
            return False
        self.due = None
        return True

    def cancel(self) -> None:
        """Cancel the retry, because its connection was lost; keep the count."""
        self.due = None

    def reset(self) -> None:
        self.due = None
        self._rejections = 0
