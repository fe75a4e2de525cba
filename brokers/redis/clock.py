"""Read the wall clock once, and continue with a clock that nothing sets."""

from __future__ import annotations

import time


class SteadyClock:
    """The time since 1970 as it was known at the start, plus the time that has passed.

    A correction of the machine's clock does not move it; see `scripts/clock.lua`.
    """

    def __init__(self) -> None:
        self._zero = time.time() - time.monotonic()

    def milliseconds(self) -> int:
        """Return the milliseconds since 1970."""
        return int((self._zero + time.monotonic()) * 1000)
