"""Broadcast to a room's members what isn't stored: presence and typing.

Each broadcast is a walk over the members. It is cut into slices, as a flush is, so that pings, joins and
other rooms have their turn in between. One broadcast runs at a time, and broadcasts in large rooms are
throttled: in a room of 20,000, joins and leaves cost a bounded part of a core, however many there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Final

from service.rooms.fanout import SLICE, Fanout
from service.rooms.member import Member
from service.wire.codecs import JSON

# Pause after a broadcast, for each member of a large room (seconds). A write takes about 5 µs of it.
PAUSE_PER_MEMBER: Final = 0.0001


def _ignore(_: Member) -> None:
    """Do nothing: the broadcast may be lost."""


class Broadcast:
    """The broadcasts of one room to its members with the event codec."""

    __slots__ = (
        "_clock", "_except_user", "_fanout", "_frame", "_handle", "_loop", "_missed", "_next_allowed",
        "_remaining",
    )  # fmt: skip

    def __init__(self, fanout: Fanout, clock: Callable[[], float]) -> None:
        self._fanout = fanout
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._remaining: list[Member] = []
        self._frame = b""
        self._except_user: str | None = None
        self._missed: Callable[[Member], None] = _ignore
        self._handle: asyncio.Handle | None = None
        self._next_allowed = float("-inf")

    @property
    def wait(self) -> float:
        """Return the time until the next broadcast may begin (seconds); 0.0 means now."""
        return max(0.0, self._next_allowed - self._clock(), PAUSE_PER_MEMBER * len(self._remaining))

    def begin(
        self, frame: bytes, *, except_user: str | None = None, missed: Callable[[Member], None] = _ignore
    ) -> None:
        """Write a frame to all members except one user's, when `wait` is 0.

        `missed` is called for each member that couldn't accept it, before the member is caught up.
        """
        self._remaining = self._fanout.members(JSON)
        self._frame, self._except_user, self._missed = frame, except_user, missed
        if len(self._remaining) > SLICE:
            self._next_allowed = self._clock() + PAUSE_PER_MEMBER * len(self._remaining)
        self._write_slice()

    def close(self) -> None:
        """Stop the broadcast under way."""
        self._remaining.clear()
        if self._handle is not None:
            self._handle.cancel()

    def _write_slice(self) -> None:
        self._handle = None
        frame, except_user = self._frame, self._except_user
        for member in islice(self._remaining, SLICE):
            if member.user == except_user:
                continue
            if member.live and not member.outlet.paused:
                member.outlet.write(frame)
            elif member.live or self._fanout.is_catching_up(member):
                self._missed(member)
        del self._remaining[:SLICE]
        if self._remaining:
            self._handle = self._loop.call_soon(self._write_slice)
