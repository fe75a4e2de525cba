"""Publishes that wait until the archive has what was published before them in their room.

A room in which more is published than the archive takes would lose messages: the broker trims them before
they are copied. So the senders of that room wait for the copies, and the others don't. The wait has a limit,
after which the broker stores the message all the same.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from brokers.base import Receipt
from service.runtime.metrics import Metrics


class _Held(NamedTuple):
    payload: bytes
    key: str
    until: float
    answer: asyncio.Future[Receipt]


class HeldPublishes:
    """The publishes that wait, in the order of the calls in each room.

    Args:
        publish: publishes with the broker.
        has_place: whether an entry may be published in a room now.
        seconds: how long a publish waits at most.
        most: how many wait; a further one does not wait.

    Attributes:
        metrics: count in these.
        stalled: called when a publish has waited for its limit: copying does not proceed.
    """

    def __init__(
        self,
        publish: Callable[[str, bytes, str], asyncio.Future[Receipt]],
        has_place: Callable[[str], bool],
        *,
        seconds: float,
        most: int,
    ) -> None:
        self._publish = publish
        self._has_place = has_place
        self._seconds = seconds
        self._most = most
        self._rooms: dict[str, deque[_Held]] = {}
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self.metrics = Metrics()
        self.stalled: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return self._count

    def must_wait(self, room: str) -> bool:
        """Return whether a publish in this room has to wait: for copies, or behind others that do."""
        return room in self._rooms or not (self._has_place(room) or self._count >= self._most)

    def add(self, room: str, payload: bytes, key: str) -> asyncio.Future[Receipt]:
        """Publish later; the future has the result then."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Receipt] = loop.create_future()
        held = _Held(payload, key, loop.time() + self._seconds, answer)
        self._rooms.setdefault(room, deque()).append(held)
        self._count += 1
        self.metrics.archive_publishes_held += 1
        if self._timer is None:
            self._timer = loop.call_at(held.until, self._expire)
        return answer

    def release(self) -> None:
        """Publish what has place now."""
        self._release(lambda room, _: self._has_place(room))

    def close(self) -> None:
        """Publish all of it at once, and stop the timer."""
        self._release(lambda _, __: True)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        now = asyncio.get_running_loop().time()
        if any(held[0].until <= now for held in self._rooms.values()):
            self.stalled()
        self._release(lambda room, held: held.until <= now or self._has_place(room))
        first = min((held[0].until for held in self._rooms.values()), default=None)
        self._timer = None if first is None else asyncio.get_running_loop().call_at(first, self._expire)

    def _release(self, may_go: Callable[[str, _Held], bool]) -> None:
        for room, waiting in list(self._rooms.items()):
            while waiting and may_go(room, waiting[0]):
                self._count -= 1
                self._send(room, waiting.popleft())
            if not waiting:
                del self._rooms[room]

    def _send(self, room: str, held: _Held) -> None:
        if held.answer.done():
            # Its sender was cancelled.
            return
        stored = self._publish(room, held.payload, held.key)
        stored.add_done_callback(lambda future: _answer(held.answer, future))


def _answer(answer: asyncio.Future[Receipt], stored: asyncio.Future[Receipt]) -> None:
    """Pass a result on."""
    if answer.done():
        return
    if stored.cancelled():
        answer.cancel()
    elif error := stored.exception():
        answer.set_exception(error)
    else:
        answer.set_result(stored.result())
