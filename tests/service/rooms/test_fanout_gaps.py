"""Fan-out of what is not stored, and of gaps: who is told, and who is left to its catch-up."""

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


async def test_what_is_told_reaches_the_live_and_names_those_it_did_not_reach(stage: Stage) -> None:
    frame = text_frame(b'{"type":"presence"}')
    _, live = join(stage.fanout, "e", 0)
    sender, _ = join(stage.fanout, "e", 0, user="eve")
    behind, _ = join(stage.fanout, "e", 0, room=0)
    full, outlet = join(stage.fanout, "e", 0)
    _, plain = join(stage.fanout, "e", 0, codec=PLAIN)
    outlet.paused = True
    missed = list[Member]()
    Broadcast(stage.fanout, monotonic).begin(frame, but="eve", missed=missed.append)
    assert set(missed) == {behind, full}
    assert (live.writes, plain.writes, sender.outlet.paused) == ([frame], [], False)
    assert set(stage.fanout.live()) >= {full, sender}


async def test_at_a_gap_all_get_what_came_before_it_and_the_full_are_left_at_their_place(
    stage: Stage,
) -> None:
    _, live = join(stage.fanout, "e", 0)
    full, outlet = join(stage.fanout, "e", 0)
    behind, _ = join(stage.fanout, "e", 0, room=0)
    stage.say()
    await settled(stage)
    outlet.paused = True
    stage.say()
    stage.fanout.restart("f", 10)
    assert (live.offsets(), outlet.offsets()) == ([1, 2], [1])
    assert [(member.epoch, member.cursor, member.live) for member in (full, behind)] == [
        ("e", 1, False),
        ("e", 0, False),
    ]
    stage.say()
    await settled(stage)
    assert live.offsets() == [1, 2, 11]
    outlet.drain()
    stage.fanout.catch_up(full)
    assert stage.recovering == [full], "only history can say where it goes on"


async def test_who_is_full_but_has_all_is_told_of_a_gap_too(stage: Stage) -> None:
    full, outlet = join(stage.fanout, "e", 0, room=1)
    stage.say()
    await settled(stage)
    assert (full.live, outlet.paused) == (True, True)
    stage.fanout.restart("e", 10)
    assert (full.live, full.epoch, full.cursor) == (False, "e", 1)


async def test_who_is_ahead_of_this_node_lacks_nothing_when_this_node_does(stage: Stage) -> None:
    ahead, outlet = join(stage.fanout, "e", 9)
    stage.fanout.restart("e", 5, head=12)
    assert (ahead.epoch, ahead.cursor) == ("e", 9)
    stage.say(7)
    await settled(stage)
    assert outlet.offsets() == [10, 11, 12]
    assert not stage.recovering


async def test_who_has_what_the_room_has_lost_is_nowhere(stage: Stage) -> None:
    behind, _ = join(stage.fanout, "e", 9, room=0)
    stage.fanout.restart("e", 5)
    assert behind.epoch == ""
