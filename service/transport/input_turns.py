"""Connections whose input waits for its next turn: each gets a share, one after the other (fair input)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Final, Protocol

from service.settings.tuning import Tuning


class WaitingInput(Protocol):
    """A connection whose input waits."""

    def take_turn(self) -> None:
        """Process one share of the input."""


@dataclass(frozen=True, slots=True)
class _Turn:
    taken: asyncio.Future[None]

    def take_turn(self) -> None:
        # The request may have been cancelled.
        if not self.taken.done():
            self.taken.set_result(None)


class InputTurns:
    """A queue of waiting connections and requests. One turn of the loop serves a bounded number of them.

    So other connections wait for a bounded time, however many connections flood the node, and whatever their
    frames cost. A turn ends early when its time is over: frames that are refused cost ten times as much as
    others.
    """

    __slots__ = ("_free", "_queue", "_scheduled", "clock", "frames", "seconds", "shares", "size")

    def __init__(self, tuning: Tuning, clock: Callable[[], float] = perf_counter) -> None:
        self._queue: Final = deque[WaitingInput]()
        self.clock: Final = clock
        self._scheduled = False
        self.shares = tuning.input_shares
        # Requests that may start in the next turn without the queue.
        self._free = self.shares
        # The share of one connection.
        self.frames = tuning.input_frames
        self.size = tuning.input_bytes
        self.seconds = tuning.input_seconds

    def add(self, waiting: WaitingInput) -> None:
        """Put a connection at the end of the queue. It must not be in the queue already."""
        self._queue.append(waiting)
        self._schedule()

    def __len__(self) -> int:
        return len(self._queue)

    async def wait(self) -> None:
        """Wait for a turn in the same queue: a request over HTTP costs about as much as a share.

        As long as no other waits, that is the next turn of the loop: a client that sends and disconnects is
        read before its end is noticed.
        """
        if self._free and not self._queue:
            self._free -= 1
            self._schedule()
            await asyncio.sleep(0)
            return
        turn = _Turn(asyncio.get_running_loop().create_future())
        self.add(turn)
        await turn.taken

    def _serve(self) -> None:
        self._scheduled = False
        end, most = self.clock() + self.seconds, min(self.shares, len(self._queue))
        self._free = self.shares - most
        for _ in range(most):
            self._queue.popleft().take_turn()
            if self.clock() >= end:
                break
        if self._queue:
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._serve)
