"""How many may come in at once: a storm of connections is spread, so that those who are here go on.

Each connection for which there's no room is given a time of its own, one behind the other at the rate at
which the node admits. If that's soon, the answer to its upgrade waits until then; if not, it's told to come
back then: they don't return as one wave, and find room when they do. Nothing is held for them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from random import random
from time import monotonic
from typing import Final

from service.limits import TokenBucket
from service.metrics import Metrics
from service.settings import Settings

# Who can be let in so soon waits for it, and isn't turned away; twice that if others were quicker (seconds).
HOLD: Final = 2.0
# The furthest time that is given out (seconds): who would have to wait longer comes to ask again.
LONGEST: Final = 30.0
# A storm is logged when it begins, and so often while it lasts (seconds).
_LOG_EVERY: Final = 10.0

_log: Final = logging.getLogger(__name__)


class Admission:
    """The rate at which one node takes connections. `clock` gives seconds and never goes back."""

    def __init__(
        self, settings: Settings, metrics: Metrics, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._bucket = TokenBucket(settings.admissions_per_second, settings.admissions_burst)
        self._interval = 1.0 / settings.admissions_per_second
        self._metrics = metrics
        self._clock = clock
        # The last time that was given out.
        self._last = self._logged = float("-inf")

    def ask(self) -> float:
        """Let one in: 0.0; or give the seconds after which it may ask again."""
        now = self._clock()
        wait = self._bucket.take(now)
        if not wait:
            return 0.0
        self._last = max(self._last + self._interval, now + wait)
        if self._last > now + LONGEST:
            # Whoever asks and doesn't come back must not push the others' times away.
            self._last = now + LONGEST
            wait = LONGEST * (1 + random()) / 2  # noqa: S311 - jitter, no secret
        else:
            wait = self._last - now
        return wait

    async def wait(self) -> float:
        """Wait to be let in, if that's soon: 0.0; or give the seconds after which to come back."""
        patience = self._clock() + 2 * HOLD
        while wait := self.ask():
            if self.is_too_late(wait, patience):
                self.turn_away(wait)
                return wait
            await asyncio.sleep(wait)
        return 0.0

    def is_too_late(self, wait: float, patience: float) -> bool:
        """Tell whether one that would have to wait is to be turned away; its `patience` ends at that time."""
        return wait > HOLD or self._clock() + wait > patience

    def turn_away(self, wait: float) -> None:
        """Count one that is told to come back later."""
        self._metrics.turned_away += 1
        now = self._clock()
        if now - self._logged >= _LOG_EVERY:
            self._logged = now
            _log.warning("turned_away", extra={"so_far": self._metrics.turned_away, "wait": wait})
