"""Publishes that wait for the archive."""

from __future__ import annotations

import asyncio

import pytest

from brokers.base import Receipt
from brokers.errors import Unavailable
from service.archiving.held_publishes import HeldPublishes


class Stage:
    """A broker that stores at once, and rooms that have place or not."""

    def __init__(self, *, seconds: float = 60, most: int = 10) -> None:
        self.stored: list[str] = []
        self.full: set[str] = set()
        self.error: Exception | None = None
        self.held = HeldPublishes(
            self._publish, lambda room: room not in self.full, seconds=seconds, most=most
        )

    def _publish(self, room: str, _: bytes, key: str) -> asyncio.Future[Receipt]:
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        if self.error:
            answer.set_exception(self.error)
        else:
            self.stored.append(f"{room}{key}")
            answer.set_result(Receipt("e", len(self.stored), duplicate=False))
        return answer

    def add(self, room: str, key: str) -> asyncio.Future[Receipt]:
        assert self.held.must_wait(room)
        return self.held.add(room, b"", key)


async def test_a_room_without_place_waits_in_the_order_of_the_calls_and_others_do_not() -> None:
    stage = Stage()
    stage.full.add("a")
    answers = [stage.add("a", key) for key in "123"]
    assert not stage.held.must_wait("b")
    stage.held.release()
    assert (stage.stored, len(stage.held)) == ([], 3)
    stage.full.clear()
    # There is place, but others came first.
    answers.append(stage.add("a", "4"))
    stage.held.release()
    assert [(await answer).offset for answer in answers] == [1, 2, 3, 4]
    assert (stage.stored, len(stage.held)) == (["a1", "a2", "a3", "a4"], 0)
    assert stage.held.metrics.archive_publishes_held == 4
    stage.held.close()


async def test_a_publish_waits_no_longer_than_the_limit() -> None:
    stage = Stage(seconds=0.01)
    stage.full.add("a")
    first = stage.add("a", "1")
    assert (await first).offset == 1
    stage.held.stalled = stage.full.clear
    second = stage.add("a", "2")
    assert (await second).offset == 2
    assert not stage.held.must_wait("a")


async def test_so_many_publishes_wait_and_further_ones_do_not() -> None:
    stage = Stage(most=1)
    stage.full |= {"a", "b"}
    waiting = stage.add("a", "1")
    assert not stage.held.must_wait("b")
    # In the same room they keep their order.
    stage.add("a", "2")
    stage.held.close()
    assert (await waiting).offset == 1
    assert stage.stored == ["a1", "a2"]


async def test_a_sender_that_was_cancelled_is_left_out_and_errors_are_passed_on() -> None:
    stage = Stage()
    stage.full.add("a")
    cancelled, failed = stage.add("a", "1"), stage.add("a", "2")
    cancelled.cancel()
    stage.error = Unavailable("away")
    stage.held.close()
    with pytest.raises(Unavailable, match="away"):
        await failed
    assert stage.stored == []
