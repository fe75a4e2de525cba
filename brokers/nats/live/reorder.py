"""Puts a room's entries back into their order, where the server that hands them on may swap two.

NATS 2.9 stores what several connections publish in one order, and hands it on in almost that order (seen with
2.9.10; later ones keep it). An entry that comes early waits for the one before it, but not for long: that one
may really be missing, and then whoever repairs the gap has to know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from brokers.base import Entry

# Seconds for which an early entry waits, and how many of a room do.
_PATIENCE: Final = 0.05
_MOST: Final = 64


class ReorderBuffer:
    """The early entries of one room, and what takes them in their turn."""

    def __init__(self, deliver: Callable[[Entry], None]) -> None:
        self._deliver = deliver
        self._early: dict[int, Entry] = {}  # by the offset that has to come first
        self._timer: asyncio.TimerHandle | None = None

    def take(self, entry: Entry, last: int) -> None:
        """Take an entry when `last` is the room's last offset that came."""
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
        """Let all go that wait, in the order of their offsets."""
        self._stop()
        early, self._early = self._early, {}
        for entry in sorted(early.values(), key=lambda entry: entry.offset):
            self._deliver(entry)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
