"""Fan-out of one room, with outlets that fill up, turn by turn of the loop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from service.rooms.fanout import CATCH_UP_BYTES, SLICE, SLICE_BYTES
from service.wire.codecs import PLAIN, Codec
from tests.service.fanning import Stage, settled, turns
from tests.service.outlets import FakeOutlet, join


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    made.fanout.close()


async def test_an_idle_room_is_flushed_in_the_next_turn(stage: Stage) -> None:
    _, outlet = join(stage.fanout, "e", 0)
    stage.append()
    assert outlet.offsets() == []
    await turns()
    assert outlet.offsets() == [1]


async def test_entries_of_one_turn_are_one_write_for_each_member(stage: Stage) -> None:
    outlets = [join(stage.fanout, "e", 0)[1] for _ in range(3)]
    stage.append(40)
    await turns()
    assert [(len(outlet.writes), outlet.offsets()) for outlet in outlets] == [(1, list(range(1, 41)))] * 3
    assert (stage.metrics.deliveries, stage.metrics.flushes) == (120, 1)


async def test_entries_during_a_flush_wait_for_the_next(stage: Stage) -> None:
    _, outlet = join(stage.fanout, "e", 0)
    stage.append()
    await turns()
    stage.append()
    stage.append()
    await settled(stage)
    assert (len(outlet.writes), outlet.offsets()) == (2, [1, 2, 3])


async def test_more_than_half_a_log_is_flushed_at_once() -> None:
    stage = Stage(max_entries=10)
    _, outlet = join(stage.fanout, "e", 0)
    stage.append(6)
    assert outlet.offsets() == [1, 2, 3, 4, 5, 6]
    stage.fanout.close()


async def test_an_entry_that_is_larger_than_the_log_is_delivered() -> None:
    stage = Stage(max_bytes=2000)
    _, outlet = join(stage.fanout, "e", 0)
    for size in (*[1] * 600, 5000, 1):
        stage.append(size=size)
    await settled(stage)
    assert outlet.offsets() == list(range(1, 603))


async def test_a_slow_consumer_falls_behind_and_is_caught_up_from_the_log(stage: Stage) -> None:
    slow, outlet = join(stage.fanout, "e", 0, room=1)
    _, quick = join(stage.fanout, "e", 0)
    for _ in range(3):
        stage.append()
        await settled(stage)
    assert (outlet.offsets(), quick.offsets(), stage.fanout.catching_up) == ([1], [1, 2, 3], 1)
    outlet.drain()
    stage.fanout.catch_up(slow)
    assert (outlet.offsets(), stage.fanout.catching_up, slow.live) == ([1, 2, 3], 0, True)
    assert stage.metrics.catchups.counts == {"log": 1}


async def test_a_slow_consumer_far_behind_is_caught_up_in_steps(stage: Stage) -> None:
    slow, outlet = join(stage.fanout, "e", 0, room=0)
    for _ in range(12):
        stage.append(size=CATCH_UP_BYTES // 4)
    await settled(stage)
    given = []
    while not slow.live:
        outlet.drain(1)
        stage.fanout.catch_up(slow)
        given.append(len(outlet.offsets()))
        if outlet.offsets()[-1] == stage.log.end:
            outlet.drain()
            stage.fanout.catch_up(slow)
    assert given == [4, 8, 12]
    assert outlet.offsets() == list(range(1, 13))


async def test_a_member_that_the_log_does_not_reach_is_caught_up_from_history() -> None:
    stage = Stage(max_entries=4)
    slow, outlet = join(stage.fanout, "e", 0, room=0)
    stage.append(10)
    await settled(stage)
    outlet.drain()
    stage.fanout.catch_up(slow)
    assert (stage.recovering, outlet.writes) == ([slow], [])
    slow.cursor = 7
    stage.fanout.catch_up(slow)
    assert outlet.offsets() == [8, 9, 10]
    stage.fanout.close()


async def test_a_member_is_not_caught_up_while_its_history_is_read(stage: Stage) -> None:
    slow, outlet = join(stage.fanout, "e", 0, room=0)
    stage.append(2)
    await settled(stage)
    outlet.drain()
    slow.recovering = True
    stage.fanout.catch_up(slow)
    assert outlet.writes == []
    slow.recovering = False
    stage.fanout.catch_up(slow)
    assert outlet.offsets() == [1, 2]


async def test_a_member_that_joins_at_an_older_position_gets_what_it_lacks_once(stage: Stage) -> None:
    stage.append(5)
    await settled(stage)
    member, outlet = join(stage.fanout, "e", 2)
    assert (outlet.offsets(), member.live) == ([3, 4, 5], True)
    assert stage.caught_up == [member]
    stage.append()
    await settled(stage)
    assert outlet.offsets() == [3, 4, 5, 6]


async def test_a_member_that_joins_while_entries_are_pending_gets_them_once(stage: Stage) -> None:
    join(stage.fanout, "e", 0)
    stage.append(3)
    _, older = join(stage.fanout, "e", 1)
    _, level = join(stage.fanout, "e", 3)
    await settled(stage)
    stage.append()
    await settled(stage)
    assert (older.offsets(), level.offsets()) == ([2, 3, 4], [4])


async def test_a_member_that_joins_ahead_of_this_node_receives_nothing_until_it_catches_up(
    stage: Stage,
) -> None:
    member, outlet = join(stage.fanout, "e", 4)
    for _ in range(3):
        stage.append(2)
        await settled(stage)
    assert (outlet.offsets(), member.live) == ([5, 6], True)


async def test_a_codec_that_comes_into_use_while_entries_are_pending_misses_none(stage: Stage) -> None:
    join(stage.fanout, "e", 0)
    stage.append(2)
    _, outlet = join(stage.fanout, "e", 0, codec=PLAIN)
    stage.append(1)
    await settled(stage)
    assert outlet.values() == ["x", "x", "x"]


async def test_a_codec_is_dropped_with_its_last_member_and_can_be_used_again(stage: Stage) -> None:
    first, _ = join(stage.fanout, "e", 0, codec=PLAIN)
    full, _ = join(stage.fanout, "e", 0, codec=PLAIN, room=0)
    stage.append()
    await settled(stage)
    stage.fanout.remove(first)
    assert codecs_in_use(stage) == [PLAIN], "a member is catching up"
    stage.fanout.remove(full)
    stage.fanout.remove(full)
    assert (codecs_in_use(stage), len(stage.fanout)) == ([], 0)
    stage.append()
    await settled(stage)
    _, outlet = join(stage.fanout, "e", 0, codec=PLAIN)
    assert outlet.values() == ["x", "x"]


async def test_a_slice_of_a_walk_has_a_bounded_number_of_bytes(stage: Stage) -> None:
    members = [join(stage.fanout, "e", 0) for _ in range(40)]
    stage.append(size=SLICE_BYTES // 8)
    await turns()
    assert sum(bool(outlet.writes) for _, outlet in members) == 7
    await settled(stage)
    assert all(outlet.writes for _, outlet in members)


async def test_a_flush_that_begins_early_is_sliced_too() -> None:
    stage = Stage(max_bytes=SLICE_BYTES // 2)
    members = [join(stage.fanout, "e", 0) for _ in range(40)]
    stage.append(count=3, size=SLICE_BYTES // 8)
    assert 0 < sum(bool(outlet.writes) for _, outlet in members) < 40
    await settled(stage)
    assert len({b"".join(outlet.writes) for _, outlet in members}) == 1
    stage.fanout.close()


async def test_joins_and_leaves_during_a_sliced_walk_are_handled(
    stage: Stage,
) -> None:
    members = [join(stage.fanout, "e", 0) for _ in range(3 * SLICE)]
    stage.append(2)
    await turns()
    assert [bool(outlet.writes) for _, outlet in members] == [True] * SLICE + [False] * 2 * SLICE
    gone, kept_from = members[-1]
    stage.fanout.remove(gone)
    filled, full = members[-2]
    full.paused = True
    _, late = join(stage.fanout, "e", 0)
    stage.append()
    await settled(stage)
    assert (kept_from.writes, full.writes, stage.fanout.catching_up) == ([], [], 1)
    assert late.offsets() == [1, 2, 3]
    assert all(outlet.offsets() == [1, 2, 3] for _, outlet in members[:-2])
    full.drain()
    stage.fanout.catch_up(filled)
    assert full.offsets() == [1, 2, 3]


async def test_a_walk_under_way_is_finished_before_pending_entries_are_flushed(stage: Stage) -> None:
    members = [join(stage.fanout, "e", 0)[1] for _ in range(2 * SLICE)]
    stage.append()
    await turns()
    stage.append()
    stage.fanout.flush_now()
    assert all(outlet.offsets() == [1, 2] for outlet in members)
    stage.fanout.flush_now()
    await settled(stage)
    assert all(len(outlet.writes) == 2 for outlet in members)


async def test_nothing_is_flushed_after_close(stage: Stage) -> None:
    _, outlet = join(stage.fanout, "e", 0)
    stage.append()
    stage.fanout.close()
    await turns(3)
    assert outlet.writes == []


def test_a_full_fake_outlet_rejects_writes() -> None:
    outlet = FakeOutlet(1)
    outlet.write(b"\x81\x02{}")
    with pytest.raises(AssertionError, match="full"):
        outlet.write(b"more")


def codecs_in_use(stage: Stage) -> list[Codec]:
    return list(stage.log.frames)
