"""Connections whose input waits for its next turn: each gets a share, one after the other (fair input)."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
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

    So other connections wait for a bounded time, however many connections flood the node.
    """

    __slots__ = ("_free", "_queue", "_scheduled", "frames", "shares", "size")

    def __init__(self, tuning: Tuning) -> None:
        self._queue: Final = deque[WaitingInput]()
        self._scheduled = False
        self.shares = tuning.input_shares
        # Requests that may start in the next turn without the queue.
        self._free = self.shares
        # The share of one connection.
        self.frames = tuning.input_frames
        self.size = tuning.input_bytes

    def add(self, waiting: WaitingInput) -> None:
        """Put a connection at the end of the queue. It must not be in the queue already."""
        self._queue.append(waiting)
        self._schedule()

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
        served = min(self.shares, len(self._queue))
        self._free = self.shares - served
        for _ in range(served):
            self._queue.popleft().take_turn()
        if self._queue:
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._serve)
