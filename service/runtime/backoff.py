"""Exponential back-off with jitter, so that many waiting clients don't retry at the same time."""

from __future__ import annotations

import asyncio
from random import random


class Backoff:
    """The waits of one series of tries: from `first` seconds, doubled each time, up to `longest`."""

    __slots__ = ("_longest", "_wait")

    def __init__(self, first: float, longest: float) -> None:
        self._wait = first
        self._longest = longest

    async def wait(self) -> None:
        """Wait before the next try."""
        await asyncio.sleep(self.next())

    def next(self) -> float:
        """Return the seconds until the next try: between half of the current wait and all of it."""
        wait, self._wait = self._wait, min(2 * self._wait, self._longest)
        return wait * (0.5 + random() / 2)  # noqa: S311 - jitter, not a secret
