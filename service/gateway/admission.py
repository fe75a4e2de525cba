"""The connection rate limit of one node: a storm of connections is spread over time.

A connection beyond the limit is given a time slot, one behind the other at the node's rate. If the slot is
soon, the handshake is answered only then. If not, the client is rejected with the time of its slot, and says
in its next handshake that it has booked one. The node keeps no queue of rejected clients. While booked slots
lie ahead, the rate is reserved for the clients that booked them; newcomers get a slot behind them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from random import random
from time import monotonic
from typing import Final

from service.identity.rate_limit import TokenBucket
from service.runtime.metrics import Metrics
from service.settings import Settings

# A handshake waits this long for its slot, and twice as long if other clients were faster (seconds).
HOLD: Final = 2.0
# How late a client may come and still find its slot reserved (seconds).
GRACE: Final = 2.0
# The furthest slot that is booked, and the longest wait that is sent (seconds). A client whose slot would be
# further away than the first returns at a random time between the two, and asks again.
BOOKED: Final = 20.0
LONGEST: Final = 30.0
# A storm is logged when it begins, and at this interval while it lasts (seconds).
_LOG_EVERY: Final = 10.0

_log: Final = logging.getLogger(__name__)


class Admission:
    """The rate at which one node accepts connections. `clock` is monotonic, in seconds."""

    def __init__(
        self, settings: Settings, metrics: Metrics, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._bucket = TokenBucket(settings.admissions_per_second, settings.admissions_burst)
        self._interval = 1.0 / settings.admissions_per_second
        # Clients come a little before or after their slot: these tokens are kept for them.
        self._reserve = max(1.0, settings.admissions_burst / 2)
        self._metrics = metrics
        self._clock = clock
        # The last slots: of newcomers, and of clients that found no token at their slot.
        self._last = {False: float("-inf"), True: float("-inf")}
        self._reserved_until = self._logged = float("-inf")

    def enter(self, *, booked: bool, decided: Callable[[float], None]) -> Waiting:
        """Decide on a handshake, now or within `2 * HOLD` seconds.

        `decided` is called once: with 0.0 if the connection is admitted, otherwise with the seconds after
        which the client may return. It may be called before this method returns.
        """
        waiting = Waiting(self, decided, until=self._clock() + 2 * HOLD)
        waiting.ask(booked=booked)
        return waiting

    async def wait(self, *, booked: bool) -> float:
        """Decide on a handshake as `enter` does, and return what `decided` would be called with."""
        decision: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        waiting = self.enter(booked=booked, decided=decision.set_result)
        try:
            return await decision
        finally:
            waiting.cancel()

    def ask(self, *, booked: bool = False) -> float:
        """Take a token: 0.0; otherwise return the seconds until a slot, which is booked up to `BOOKED`."""
        now = self._clock()
        wait = self._interval
        if booked or now > self._reserved_until or self._bucket.available(now) >= 1 + self._reserve:
            wait = self._bucket.take(now)
            if not wait:
                return 0.0
        at = max(self._last[booked] + self._interval, now + wait)
        if at > now + BOOKED:
            # A client that asks and never returns must not push the slots of other clients away.
            return BOOKED + (LONGEST - BOOKED) * (1 - random())  # noqa: S311 - jitter, no secret
        self._last[booked] = at
        self._reserved_until = max(self._reserved_until, at + GRACE)
        return at - now

    def is_too_late(self, wait: float, until: float) -> bool:
        """Tell whether a slot in `wait` seconds is too late for a handshake that may wait `until` then."""
        return wait > HOLD or self._clock() + wait > until

    def reject(self, wait: float) -> None:
        """Count and log a connection that is rejected for `wait` seconds."""
        self._metrics.connections_rate_limited += 1
        now = self._clock()
        if now - self._logged >= _LOG_EVERY:
            self._logged = now
            _log.warning(
                "turned_away", extra={"so_far": self._metrics.connections_rate_limited, "wait": wait}
            )


class Waiting:
    """One handshake that waits for its slot."""

    __slots__ = ("_admission", "_decided", "_timer", "_until")

    def __init__(self, admission: Admission, decided: Callable[[float], None], *, until: float) -> None:
        self._admission = admission
        self._decided = decided
        self._until = until
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, *, booked: bool) -> None:
        """Decide, or wait for the slot."""
        wait = self._admission.ask(booked=booked)
        if not wait:
            self._decided(0.0)
        elif self._admission.is_too_late(wait, self._until):
            self._admission.reject(wait)
            self._decided(wait)
        else:
            # Waiting for a slot is the same as returning for it: it is booked.
            self._timer = asyncio.get_running_loop().call_later(wait, self._slot_came)

    def cancel(self) -> None:
        """Wait no longer: the connection is lost."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _slot_came(self) -> None:
        self._timer = None
        self.ask(booked=True)
