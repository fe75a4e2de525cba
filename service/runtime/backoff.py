"""Waiting ever longer between tries, with jitter, so that those who wait don't come back all at once."""

from __future__ import annotations

import asyncio
from random import random


class Backoff:
    """The waits of one series of tries: from `first` seconds, doubled each time, up to `longest`."""

    __slots__ = ("_longest", "_wait")

    def __init__(self, first: float, longest: float) -> None:
        self._wait = first
        self._longest = longest

    async def rest(self) -> None:
        """Wait before the next try."""
        await asyncio.sleep(self.next())

    def next(self) -> float:
        """Give the seconds to wait before the next try: half of the time to all of it."""
        wait, self._wait = self._wait, min(2 * self._wait, self._longest)
        return wait * (0.5 + random() / 2)  # noqa: S311 - jitter, not a secret
