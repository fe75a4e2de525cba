"""The rooms that this node is subscribed to, and what it knows last of each."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from nats.aio.msg import Msg

from brokers.base import Entry, Listener
from brokers.nats.connection.connection import Link
from brokers.nats.jetstream import heard
from brokers.nats.live.reorder import Order
from brokers.nats.subjects import Names

# The first server that hands on in the order in which it stores.
_ORDERED: Final = (2, 10)


@dataclass(slots=True, eq=False)
class Seat:
    """One subscription to a room, for as long as it lasts, over all links.

    Attributes:
        last: the offset of the last entry that is known, 0 if none is.
        heard: when that was, by a clock of this process; long ago if that is not known.
        waiting: how many calls wait for it to be confirmed.
        leave: what ends it at the server.
        order: what puts its entries in order, where the server may not.
    """

    last: int = 0
    heard: float = float("-inf")
    confirmed: bool = False
    waiting: int = 0
    leave: list[Callable[[], None]] = field(default_factory=list)
    order: Order | None = None


class Rooms:
    """Hands on what comes for the rooms of this node."""

    def __init__(self, names: Names, age: float) -> None:
        self._names = names
        self._age = age
        self._seats: dict[str, Seat] = {}
        self._epoch = ""
        self._lost = float("inf")
        self._doubt: Callable[[], None] = lambda: None
        self.listener: Listener | None = None

    def __len__(self) -> int:
        return len(self._seats)

    def enter(self, link: Link, epoch: str, doubt: Callable[[], None]) -> None:
        """Subscribe to all rooms over a new link; `doubt` is called if what comes doesn't fit the epoch."""
        away = time.monotonic() - self._lost
        if epoch != self._epoch or (self._age and away > self._age):
            # What was last is not known any more.
            for seat in self._seats.values():
                seat.last, seat.heard = 0, float("-inf")
        self._epoch, self._doubt = epoch, doubt
        for room, seat in self._seats.items():
            self._listen(room, seat, link)

    def lost(self) -> None:
        """Take note that nothing comes any more."""
        self._lost = time.monotonic()

    @asynccontextmanager
    async def taking(self, room: str, link: Link) -> AsyncIterator[None]:
        """Subscribe to a room before the block, which confirms it; if it fails, nothing was subscribed."""
        seat = self._seats.get(room)
        if seat is None:
            seat = self._seats[room] = Seat()
            self._listen(room, seat, link)
        seat.waiting += 1
        try:
            yield
            seat.confirmed = True
        finally:
            seat.waiting -= 1
            if not (seat.confirmed or seat.waiting) and self._seats.get(room) is seat:
                self.leave(room)

    def __iter__(self) -> Iterator[str]:
        return iter(self._seats)

    def lacks(self, room: str, head: int) -> bool:
        """Tell whether a room is subscribed to and its head not known yet."""
        seat = self._seats.get(room)
        return seat is not None and seat.confirmed and seat.last < head

    def learn(self, room: str, head: int) -> None:
        """Take what the backbone says is the last offset."""
        seat = self._seats.get(room)
        if seat is not None:
            seat.last = max(seat.last, head)

    def leave(self, room: str) -> None:
        """Hear nothing of a room any more, from now on."""
        seat = self._seats.pop(room, None)
        for cease in seat.leave if seat else ():
            cease()

    def clear(self) -> None:
        """Forget all rooms."""
        self._seats.clear()

    def hint(self, room: str) -> int | None:
        """Tell what an entry should note as the one before it; None if that one is sure to be there still."""
        seat = self._seats.get(room)
        if seat is None:
            return 0
        recent = not self._age or time.monotonic() - seat.heard < self._age / 2
        return None if seat.last and recent else seat.last

    def _listen(self, room: str, seat: Seat, link: Link) -> None:
        if seat.order is not None:
            seat.order.release()
        seat.order = Order(partial(self._hand_on, seat)) if link.version < _ORDERED else None
        seat.leave = [
            link.listen(self._names.entry_out(room), partial(self._entry, room, seat, self._epoch)),
            link.listen(self._names.signal(room), partial(self._signal, room, seat)),
        ]

    def _entry(self, room: str, seat: Seat, epoch: str, message: Msg) -> None:
        if self.listener is None or self._seats.get(room) is not seat:
            return
        entry = heard(message)
        if entry.offset <= seat.last and seat.heard > float("-inf"):
            self._doubt()
        # NATS tells 0 also if all that was before has become too old: then it is the last that was known.
        prev = entry.prev or max(entry.hint, seat.last if seat.last < entry.offset else 0)
        whole = Entry(room, epoch, prev, entry.offset, message.data)
        if seat.order is None:
            self._hand_on(seat, whole)
        else:
            seat.order.take(whole, seat.last)

    def _hand_on(self, seat: Seat, entry: Entry) -> None:
        if self.listener is not None and self._seats.get(entry.room) is seat:
            seat.last, seat.heard = max(seat.last, entry.offset), time.monotonic()
            self.listener.deliver(entry)

    def _signal(self, room: str, seat: Seat, message: Msg) -> None:
        if self.listener is not None and self._seats.get(room) is seat:
            self.listener.signal(room, message.data)
