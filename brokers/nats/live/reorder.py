"""Restore the order of a room's entries, which NATS 2.9 may swap.

NATS 2.9 stores the publishes of several connections in one order, and republishes them in almost that order
(seen with 2.9.10; later versions keep it). An entry that arrives early waits for its predecessor, but only
briefly: if that one is really missing, the gap has to be reported and repaired.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from brokers.base import Entry

# Seconds that an early entry waits, and the maximum of waiting entries per room.
_PATIENCE: Final = 0.05
_MOST: Final = 64


class ReorderBuffer:
    """The early entries of one room."""

    def __init__(self, deliver: Callable[[Entry], None]) -> None:
        self._deliver = deliver
        self._early: dict[int, Entry] = {}  # by the offset of the predecessor
        self._timer: asyncio.TimerHandle | None = None

    def take(self, entry: Entry, last: int) -> None:
        """Deliver an entry, or keep it if `last`, the last delivered offset, is not its predecessor's."""
        if entry.prev > last and len(self._early) < _MOST:
            self._early[entry.prev] = entry
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(_PATIENCE, self.release)
            return
        self._deliver(entry)
        while (after := self._early.pop(entry.offset, None)) is not None:
            entry = after
            self._deliver(entry)
        if not self._early:
            self._stop()

    def release(self) -> None:
        """Deliver all waiting entries in the order of their offsets."""
        self._stop()
        early, self._early = self._early, {}
        for entry in sorted(early.values(), key=lambda entry: entry.offset):
            self._deliver(entry)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
