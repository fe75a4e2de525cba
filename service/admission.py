"""How many may come in at once: a storm of connections is spread, so that those who are here go on.

Each connection for which there's no room is given a time of its own, one behind the other at the rate at
which the node admits. If that's soon, the answer to its upgrade waits until then; if not, it's told to come
back then, and to say that it was told. Nothing is held for it but the room itself: while times that were
given out lie ahead, what the rate allows is for those who were given one, and others get a time behind them.
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
# How late one may come and still find that others were kept out for it (seconds).
GRACE: Final = 2.0
# The furthest time that is booked, and the furthest that is told at all (seconds): who would have to wait
# longer than the first comes to ask again between the two.
BOOKED: Final = 20.0
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
        # Those who were given a time come a little sooner or later than it: so much is left for them.
        self._reserve = max(1.0, settings.admissions_burst / 2)
        self._metrics = metrics
        self._clock = clock
        # The last times that were given out: to newcomers, and to those who found no room at their time.
        self._last = {False: float("-inf"), True: float("-inf")}
        self._reserved_until = self._logged = float("-inf")

    def ask(self, *, booked: bool = False) -> float:
        """Let one in: 0.0; or give the seconds after which it may ask again, as `booked` up to `BOOKED`."""
        now = self._clock()
        wait = self._interval
        if booked or now > self._reserved_until or self._bucket.left(now) >= 1 + self._reserve:
            wait = self._bucket.take(now)
            if not wait:
                return 0.0
        at = max(self._last[booked] + self._interval, now + wait)
        if at > now + BOOKED:
            # Whoever asks and doesn't come back must not push the others' times away.
            return BOOKED + (LONGEST - BOOKED) * (1 - random())  # noqa: S311 - jitter, no secret
        self._last[booked] = at
        self._reserved_until = max(self._reserved_until, at + GRACE)
        return at - now

    async def wait(self, *, booked: bool) -> float:
        """Wait to be let in, if that's soon: 0.0; or give the seconds after which to come back."""
        patience = self.patience()
        while wait := self.ask(booked=booked):
            if self.is_too_late(wait, patience):
                self.turn_away(wait)
                return wait
            await asyncio.sleep(wait)
            booked = True
        return 0.0

    def patience(self) -> float:
        """Give the time until which one that begins to wait now may do so."""
        return self._clock() + 2 * HOLD

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
