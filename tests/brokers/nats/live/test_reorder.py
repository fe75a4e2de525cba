"""Entries that arrive out of order are reordered, and a gap is reported after a short wait."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from brokers.base import Entry
from brokers.nats.live.reorder import ReorderBuffer


class _Room:
    """Receives what is delivered, and knows the last offset."""

    def __init__(self) -> None:
        self.offsets: list[int] = []
        self.order = ReorderBuffer(lambda entry: self.offsets.append(entry.offset))

    def receive(self, *offsets: int) -> None:
        for offset in offsets:
            self.order.take(Entry("room", "epoch", offset - 1, offset, b""), max(self.offsets, default=0))


@given(st.permutations(range(1, 30)))
def test_any_order_becomes_that_of_the_offsets(offsets: list[int]) -> None:
    async def receive() -> list[int]:
        room = _Room()
        room.receive(*offsets)
        return room.offsets

    assert asyncio.run(receive()) == sorted(offsets)


async def test_what_is_missing_is_not_waited_for_long() -> None:
    room = _Room()
    room.receive(1, 4, 3)
    assert room.offsets == [1]
    async with asyncio.timeout(5):
        while len(room.offsets) < 3:  # noqa: ASYNC110 - a timer of the order itself
            await asyncio.sleep(0.01)
    assert room.offsets == [1, 3, 4]
    room.receive(2)
    assert room.offsets == [1, 3, 4, 2], "delivered late: the service drops it, or repairs the gap"


async def test_no_more_than_some_wait() -> None:
    room = _Room()
    room.receive(*range(3, 100))
    assert len(room.offsets) == 33
    room.order.release()
    assert sorted(room.offsets) == list(range(3, 100))
