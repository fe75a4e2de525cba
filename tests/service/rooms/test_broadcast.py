"""Broadcast a large room what isn't stored: in slices, one telling at a time, and with a rest behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

import pytest

from service.rooms.broadcast import REST, Broadcast
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


def told(members: list[tuple[Member, FakeOutlet]]) -> int:
    return sum(outlet.writes == [FRAME] for _, outlet in members)


async def test_a_large_room_is_told_slice_by_slice(stage: Stage) -> None:
    members, telling = crowd(stage), Broadcast(stage.fanout, monotonic)
    telling.begin(FRAME)
    assert told(members) == SLICE
    await turns()
    assert told(members) == 2 * SLICE
    await turns()
    assert told(members) == CROWD


async def test_behind_a_large_room_there_is_a_rest(stage: Stage) -> None:
    now = 100.0
    crowd(stage)
    telling = Broadcast(stage.fanout, lambda: now)
    assert telling.wait == 0
    telling.begin(FRAME)
    assert telling.wait == pytest.approx(REST * CROWD)
    await turns(2)
    now += REST * CROWD + 0.001
    assert telling.wait == 0


async def test_a_small_room_needs_no_rest(stage: Stage) -> None:
    members, telling = crowd(stage, SLICE), Broadcast(stage.fanout, monotonic)
    telling.begin(FRAME)
    assert (told(members), telling.wait) == (SLICE, 0)


async def test_who_fills_up_meanwhile_misses_it_and_who_leaves_does_not(stage: Stage) -> None:
    members, missed = crowd(stage), list[Member]()
    Broadcast(stage.fanout, monotonic).begin(FRAME, missed=missed.append)
    *_, (gone, spared), (full, outlet) = members
    outlet.paused = True
    stage.fanout.remove(gone)
    await turns(2)
    assert (missed, spared.writes, outlet.writes) == ([full], [], [])


async def test_nothing_is_told_behind_its_end(stage: Stage) -> None:
    members, telling = crowd(stage), Broadcast(stage.fanout, monotonic)
    telling.begin(FRAME)
    telling.close()
    await turns(2)
    assert told(members) == SLICE
