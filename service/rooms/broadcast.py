"""Broadcast a room's members what isn't stored: who came and went, and who types.

Each telling is a walk over the members, cut in slices as a flush is, so that pings and joins and other rooms
have their turn between. There is one at a time, and in a large room a rest behind it: whoever comes and goes
in a room of 20,000 costs it a bounded part of a core, however many do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Final

from service.rooms.fanout import SLICE, Fanout
from service.rooms.member import Member
from service.wire.codecs import JSON

# The rest behind a telling, for each member of a large room (seconds); a write costs some 5 µs of it.
REST: Final = 0.0001


def _nobody(_: Member) -> None:
    """Leave it at that: what was told may be lost."""


class Broadcast:
    """The tellings of one room to its members that understand events."""

    __slots__ = ("_but", "_clock", "_fanout", "_frame", "_handle", "_loop", "_missed", "_not_before", "_walk")

    def __init__(self, fanout: Fanout, clock: Callable[[], float]) -> None:
        self._fanout = fanout
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._walk: list[Member] = []
        self._frame = b""
        self._but: str | None = None
        self._missed: Callable[[Member], None] = _nobody
        self._handle: asyncio.Handle | None = None
        self._not_before = float("-inf")

    @property
    def wait(self) -> float:
        """Tell how long until the next telling may begin (seconds); 0.0: now."""
        return max(0.0, self._not_before - self._clock(), REST * len(self._walk))

    def begin(
        self, frame: bytes, *, but: str | None = None, missed: Callable[[Member], None] = _nobody
    ) -> None:
        """Write a frame to the members but one user's, when `wait` is over.

        `missed` is called for those who couldn't take it, before they are caught up.
        """
        self._walk = self._fanout.members(JSON)
        self._frame, self._but, self._missed = frame, but, missed
        if len(self._walk) > SLICE:
            self._not_before = self._clock() + REST * len(self._walk)
        self._go_on()

    def close(self) -> None:
        """Tell no more."""
        self._walk.clear()
        if self._handle is not None:
            self._handle.cancel()

    def _go_on(self) -> None:
        self._handle = None
        for member in islice(self._walk, SLICE):
            if member.user == self._but:
                continue
            if member.live and not member.outlet.paused:
                member.outlet.write(self._frame)
            elif member.live or self._fanout.is_behind(member):
                self._missed(member)
        del self._walk[:SLICE]
        if self._walk:
            self._handle = self._loop.call_soon(self._go_on)
