"""The connection rate limit of one node: a storm of connections is spread over time.

A connection above the limit gets a time slot; the slots follow each other at the node's rate. If the slot is
soon, the handshake is answered at that time. Otherwise the client is rejected with the time of its slot, and
its next handshake says that a slot is booked. The node keeps no queue of rejected clients. While booked slots
lie ahead, the rate is reserved for the clients that booked them, and newcomers get later slots.
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

# A handshake waits so long for its slot, and twice as long if other clients took the token (seconds).
HOLD: Final = 2.0
# How late a client may return and still find its slot reserved (seconds).
GRACE: Final = 2.0
# The latest slot that is booked, and the longest wait that is sent (seconds from now). A client whose slot
# would be later than the first returns at a random time between the two, and gets its slot then.
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
        # Clients return a little before or after their slot: these tokens are reserved for them.
        self._reserve = max(1.0, settings.admissions_burst / 2)
        self._metrics = metrics
        self._clock = clock
        # The latest slots: of newcomers, and of clients that found no token at their booked slot.
        self._last = {False: float("-inf"), True: float("-inf")}
        self._reserved_until = self._logged = float("-inf")

    def enter(self, *, booked: bool, on_decision: Callable[[float], None]) -> PendingHandshake | None:
        """Decide on a handshake, now or within `2 * HOLD` seconds; return it if it waits for its slot.

        `on_decision` is called once: with 0.0 if the connection is admitted, otherwise with the seconds after
        which the client may return. If this method returns None, it has been called.
        """
        wait = self.take(booked=booked)
        if not wait:
            on_decision(0.0)
            return None
        pending = PendingHandshake(self, on_decision, until=self._clock() + 2 * HOLD)
        return None if pending.decide(wait) else pending

    def take(self, *, booked: bool = False) -> float:
        """Take a token and return 0.0; otherwise return the seconds until a slot, booked up to `BOOKED`."""
        now = self._clock()
        wait = self._interval
        if booked or now > self._reserved_until or self._bucket.available(now) >= 1 + self._reserve:
            wait = self._bucket.take(now)
            if not wait:
                return 0.0
        at = max(self._last[booked] + self._interval, now + wait)
        if at > now + BOOKED:
            # A client that never returns must not delay the slots of other clients without end.
            return BOOKED + (LONGEST - BOOKED) * (1 - random())  # noqa: S311 - jitter, no secret
        self._last[booked] = at
        self._reserved_until = max(self._reserved_until, at + GRACE)
        return at - now

    def is_too_late(self, wait: float, until: float) -> bool:
        """Return whether a slot in `wait` seconds is too late for a handshake that waits until a time."""
        return wait > HOLD or self._clock() + wait > until

    def reject(self, wait: float) -> None:
        """Count and log a connection that is rejected for `wait` seconds."""
        self._metrics.connections_rate_limited += 1
        now = self._clock()
        if now - self._logged >= _LOG_EVERY:
            self._logged = now
            _log.warning(
                "connection_rate_limited",
                extra={"total": self._metrics.connections_rate_limited, "wait": wait},
            )


class PendingHandshake:
    """One handshake that waits for its slot."""

    __slots__ = ("_admission", "_on_decision", "_timer", "_until")

    def __init__(self, admission: Admission, on_decision: Callable[[float], None], *, until: float) -> None:
        self._admission = admission
        self._on_decision = on_decision
        self._until = until
        self._timer: asyncio.TimerHandle | None = None

    def decide(self, wait: float) -> bool:
        """Decide now, or wait for the slot in `wait` seconds. Return whether the decision was made."""
        if wait and not self._admission.is_too_late(wait, self._until):
            # This handshake keeps its slot as a client that returns would: it is booked.
            self._timer = asyncio.get_running_loop().call_later(wait, self._at_slot)
            return False
        if wait:
            self._admission.reject(wait)
        self._on_decision(wait)
        return True

    def cancel(self) -> None:
        """Stop waiting, because the connection is lost."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _at_slot(self) -> None:
        self._timer = None
        self.decide(self._admission.take(booked=True))
