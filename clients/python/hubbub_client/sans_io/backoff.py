"""How long to wait before trying again."""

from collections.abc import Callable

_BASE, _CAP = 500, 20_000
# 500 * 2^6 is over the cap already; without a bound on the exponent the number would grow with the outage.
_MOST_DOUBLINGS = 6


def backoff(attempt: int, random: float, retry_after: int | None = None) -> int:
    """Give the wait before an attempt, in ms (BO1)."""
    ceiling = min(_CAP, _BASE * 2 ** min(attempt, _MOST_DOUBLINGS))
    return int(random * ceiling) + (retry_after or 0)


class RetryTimer:
    """What was refused for now: when to try it again, and how often that happened in a row."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._refusals = 0
        self.due: int | None = None

    def refused(self, now: int, retry_after: int | None = None) -> None:
        """Wait for as long as the server says; if it doesn't, as BO1 says."""
        wait = backoff(self._refusals, self._random()) if retry_after is None else retry_after
        self._refusals += 1
        self.due = now + wait

    def waits(self, now: int) -> bool:
        """Tell whether it's too early."""
        return self.due is not None and now < self.due

    def over(self, now: int) -> bool:
        """Tell, once, that a wait has ended."""
        if self.due is None or now < self.due:
            return False
        self.due = None
        return True

    def forget(self) -> None:
        """Drop the wait, not the count: the connection that asked for it is gone."""
        self.due = None

    def succeeded(self) -> None:
        self.due = None
        self._refusals = 0
