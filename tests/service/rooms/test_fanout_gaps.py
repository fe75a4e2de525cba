"""Fan-out of broadcasts and gaps: which members receive them at once, and which from their catch-up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

import pytest

from service.rooms.broadcast import Broadcast
from service.rooms.member import Member
from service.wire.codecs import PLAIN
from service.wire.frames import text_frame
from tests.service.fanning import Stage, settled
from tests.service.outlets import join


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    made.fanout.close()


async def test_a_broadcast_reaches_live_members_and_reports_those_it_missed(stage: Stage) -> None:
    frame = text_frame(b'{"type":"presence"}')
    _, live = join(stage.fanout, "e", 0)
    sender, _ = join(stage.fanout, "e", 0, user="eve")
    slow, _ = join(stage.fanout, "e", 0, room=0)
    full, outlet = join(stage.fanout, "e", 0)
    _, plain = join(stage.fanout, "e", 0, codec=PLAIN)
    outlet.paused = True
    missed = list[Member]()
    Broadcast(stage.fanout, monotonic).begin(frame, except_user="eve", missed=missed.append)
    assert set(missed) == {slow, full}
    assert (live.writes, plain.writes, sender.outlet.paused) == ([frame], [], False)
    assert set(stage.fanout.live()) >= {full, sender}


async def test_at_a_gap_live_members_get_what_came_before_and_slow_consumers_keep_their_position(
    stage: Stage,
) -> None:
    _, live = join(stage.fanout, "e", 0)
    full, outlet = join(stage.fanout, "e", 0)
    slow, _ = join(stage.fanout, "e", 0, room=0)
    stage.append()
    await settled(stage)
    outlet.paused = True
    stage.append()
    stage.fanout.restart("f", 10)
    assert (live.offsets(), outlet.offsets()) == ([1, 2], [1])
    assert [(member.epoch, member.cursor, member.live) for member in (full, slow)] == [
        ("e", 1, False),
        ("e", 0, False),
    ]
    stage.append()
    await settled(stage)
    assert live.offsets() == [1, 2, 11]
    outlet.drain()
    stage.fanout.catch_up(full)
    assert stage.recovering == [full], "only history knows where to resume"


async def test_a_full_member_with_all_entries_receives_a_reset_too(stage: Stage) -> None:
    full, outlet = join(stage.fanout, "e", 0, room=1)
    stage.append()
    await settled(stage)
    assert (full.live, outlet.paused) == (True, True)
    stage.fanout.restart("e", 10)
    assert (full.live, full.epoch, full.cursor) == (False, "e", 1)


async def test_a_member_ahead_of_this_node_misses_nothing_at_a_gap(stage: Stage) -> None:
    ahead, outlet = join(stage.fanout, "e", 9)
    stage.fanout.restart("e", 5, head=12)
    assert (ahead.epoch, ahead.cursor) == ("e", 9)
    stage.append(7)
    await settled(stage)
    assert outlet.offsets() == [10, 11, 12]
    assert not stage.recovering


async def test_a_position_beyond_the_rooms_end_is_unknown(stage: Stage) -> None:
    slow, _ = join(stage.fanout, "e", 9, room=0)
    stage.fanout.restart("e", 5)
    assert slow.epoch == ""
