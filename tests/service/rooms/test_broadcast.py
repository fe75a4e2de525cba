"""Broadcasts in a large room: in slices, one at a time, throttled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

import pytest

from service.rooms.broadcast import PAUSE_PER_MEMBER, Broadcast
from service.rooms.fanout import SLICE
from service.rooms.member import Member
from tests.service.fanning import Stage, turns
from tests.service.outlets import FakeOutlet, join

FRAME = b"frame"
CROWD = 2 * SLICE + 1


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    made.fanout.close()


def crowd(stage: Stage, count: int = CROWD) -> list[tuple[Member, FakeOutlet]]:
    return [join(stage.fanout, "e", 0) for _ in range(count)]


def received(members: list[tuple[Member, FakeOutlet]]) -> int:
    return sum(outlet.writes == [FRAME] for _, outlet in members)


async def test_a_large_room_is_written_slice_by_slice(stage: Stage) -> None:
    members, broadcast = crowd(stage), Broadcast(stage.fanout, monotonic)
    broadcast.begin(FRAME)
    assert received(members) == SLICE
    await turns()
    assert received(members) == 2 * SLICE
    await turns()
    assert received(members) == CROWD


async def test_broadcasts_in_a_large_room_are_throttled(stage: Stage) -> None:
    now = 100.0
    crowd(stage)
    broadcast = Broadcast(stage.fanout, lambda: now)
    assert broadcast.wait == 0
    broadcast.begin(FRAME)
    assert broadcast.wait == pytest.approx(PAUSE_PER_MEMBER * CROWD)
    await turns(2)
    now += PAUSE_PER_MEMBER * CROWD + 0.001
    assert broadcast.wait == 0


async def test_broadcasts_in_a_small_room_are_not_throttled(stage: Stage) -> None:
    members, broadcast = crowd(stage, SLICE), Broadcast(stage.fanout, monotonic)
    broadcast.begin(FRAME)
    assert (received(members), broadcast.wait) == (SLICE, 0)


async def test_members_that_fill_up_during_a_broadcast_miss_it_and_those_that_left_do_not(
    stage: Stage,
) -> None:
    members, missed = crowd(stage), list[Member]()
    Broadcast(stage.fanout, monotonic).begin(FRAME, missed=missed.append)
    *_, (gone, left), (full, outlet) = members
    outlet.paused = True
    stage.fanout.remove(gone)
    await turns(2)
    assert (missed, left.writes, outlet.writes) == ([full], [], [])


async def test_nothing_is_broadcast_after_close(stage: Stage) -> None:
    members, broadcast = crowd(stage), Broadcast(stage.fanout, monotonic)
    broadcast.begin(FRAME)
    broadcast.close()
    await turns(2)
    assert received(members) == SLICE
