"""One room on a node: presence, typing and resets for its members, with outlets that fill up."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from brokers.base import Position
from brokers.memory import Hub, MemoryBroker
from service.cluster.cluster import Cluster
from service.rooms.member import Member
from service.rooms.registry import RoomRegistry
from service.rooms.room import TYPING_INTERVAL, Room
from service.runtime.metrics import Metrics
from service.runtime.tasks import Tasks
from service.settings.tuning import Tuning
from service.wire.codecs import JSON, PLAIN, Codec
from service.wire.messages import MessagePayload, encode_stored
from tests.service.outlets import FakeOutlet
from tests.service.serving import quick, until

ROOM = "lobby"


class Stage:
    """An open room, and its hub."""

    def __init__(self, room: Room, rooms: RoomRegistry, hub: Hub) -> None:
        self.room = room
        self.rooms = rooms
        self.hub = hub

    def enter(self, user: str, codec: Codec = JSON) -> tuple[Member, FakeOutlet]:
        outlet = FakeOutlet()
        member = self.room.enter(outlet, codec, user)
        self.room.fanout.add(member, self.room.log.epoch, self.room.log.end)
        return member, outlet

    async def publish(self, count: int = 1) -> None:
        for _ in range(count):
            stored = MessagePayload(key="k", user="eve", user_id="eve", kind="guest", text="x", at=0)
            self.hub.publish(ROOM, encode_stored(stored), f"{self.hub.head(ROOM)}")
        await until(lambda: self.room.fanout.flushed == self.hub.head(ROOM).offset)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    settings = quick(log_entries=4, presence_names=3)
    hub, metrics = Hub(settings.broker_options), Metrics()
    broker, tasks = MemoryBroker(settings.broker_options, hub), Tasks(metrics.task_failed)
    cluster = Cluster("here", broker, metrics, settings.node_seconds)
    rooms = RoomRegistry(
        cluster,
        broker,
        tasks,
        metrics=metrics,
        settings=settings,
        tuning=Tuning(presence_gather=0.001, presence_interval=0.0),
    )
    await broker.start(rooms)
    async with rooms.open(ROOM) as room:
        yield Stage(room, rooms, hub)
    rooms.close()
    await tasks.close()
    await broker.close()
    assert metrics.task_failures == 0


def presence(outlet: FakeOutlet) -> list[tuple[int, list[str], list[str]]]:
    """Return the presence events that were written to an outlet."""
    found = [value for value in outlet.values() if value["type"] == "presence"]
    return [(value["count"], value["joined"], value["left"]) for value in found]


async def test_simultaneous_joins_are_one_broadcast(stage: Stage) -> None:
    _, outlet = stage.enter("ann")
    stage.enter("bob")
    await until(lambda: presence(outlet))
    assert presence(outlet) == [(2, ["ann", "bob"], [])]


async def test_a_user_who_joined_and_left_between_broadcasts_is_not_named(stage: Stage) -> None:
    _, outlet = stage.enter("ann")
    eve, _ = stage.enter("eve")
    stage.room.leave(eve)
    stage.enter("bob")
    await until(lambda: presence(outlet))
    assert presence(outlet) == [(2, ["ann", "bob"], [])]


async def test_a_client_that_joins_while_a_user_is_gone_receives_the_rejoin(stage: Stage) -> None:
    eve, _ = stage.enter("eve")
    stage.room.take_changes()
    stage.room.leave(eve)
    _, outlet = stage.enter("ann")
    assert stage.room.members().names == ["ann"], "the snapshot for ann"
    stage.enter("eve")
    await until(lambda: presence(outlet))
    assert "eve" in presence(outlet)[0][1]


async def test_in_large_rooms_only_the_count_is_broadcast(stage: Stage) -> None:
    _, outlet = stage.enter("ann")
    for number in range(3):
        stage.enter(f"user {number}")
    await until(lambda: presence(outlet))
    assert presence(outlet) == [(4, [], [])]
    assert (stage.room.members().count, stage.room.members().more) == (4, True)


async def test_a_user_with_two_tabs_joins_with_the_first_and_leaves_with_the_last(stage: Stage) -> None:
    _, outlet = stage.enter("ann")
    tabs = [stage.enter("bob")[0] for _ in range(2)]
    await until(lambda: presence(outlet))
    stage.room.leave(tabs[0])
    stage.enter("eve")
    await until(lambda: len(presence(outlet)) == 2)
    stage.room.leave(tabs[1])
    await until(lambda: len(presence(outlet)) == 3)
    assert presence(outlet)[1:] == [(3, ["eve"], []), (2, [], ["bob"])]


async def test_a_slow_consumer_receives_the_presence_when_it_has_caught_up(stage: Stage) -> None:
    slow, full = stage.enter("slow")
    eve, outlet = stage.enter("eve")
    await until(lambda: presence(full))
    full.paused = True
    stage.enter("ann")
    await until(lambda: len(presence(outlet)) == 2)
    stage.room.leave(eve)
    _, bob = stage.enter("bob")
    await until(lambda: presence(bob))
    await stage.publish()
    assert len(presence(full)) == 1
    full.drain()
    stage.room.fanout.catch_up(slow)
    assert presence(full)[1:] == [(3, ["ann", "bob"], ["eve"])]


async def test_a_member_that_was_full_for_a_moment_receives_the_presence_too(stage: Stage) -> None:
    brief, full = stage.enter("brief")
    await until(lambda: presence(full))
    full.paused = True
    _, ann = stage.enter("ann")
    await until(lambda: presence(ann))
    full.drain()
    stage.room.fanout.resumed(brief)
    assert presence(full)[1:] == [(2, ["ann"], [])]


async def test_for_slow_consumers_no_names_are_kept_that_are_not_broadcast(stage: Stage) -> None:
    slow, full = stage.enter("slow")
    eve, _ = stage.enter("eve")
    await until(lambda: presence(full))
    full.paused = True
    _, ann = stage.enter("ann")
    await until(lambda: presence(ann))
    crowd = [stage.enter(f"user {number}")[0] for number in range(50)]
    stage.room.leave(eve)
    await until(lambda: len(presence(ann)) == 2)
    for member in crowd[1:]:
        stage.room.leave(member)
    await until(lambda: len(presence(ann)) == 3)
    await stage.publish()
    full.drain()
    stage.room.fanout.catch_up(slow)
    assert [count for count, *_ in presence(ann)] == [3, 52, 3]
    assert presence(ann)[1][1:] == ([], [])
    # Of the crowd, only those who left while names were broadcast again.
    assert presence(full)[1:] == [(3, ["ann"], presence(ann)[2][2])]


async def test_a_slow_consumer_in_a_large_room_receives_the_count(stage: Stage) -> None:
    slow, full = stage.enter("slow")
    _, eve = stage.enter("eve")
    await until(lambda: presence(full))
    full.paused = True
    for number in range(5):
        stage.enter(f"user {number}")
    await until(lambda: len(presence(eve)) == 2)
    await stage.publish()
    full.drain()
    stage.room.fanout.catch_up(slow)
    assert presence(full)[1:] == [(7, [], [])]


async def test_typing_is_broadcast_to_the_others_at_a_bounded_rate(stage: Stage) -> None:
    _, ann = stage.enter("ann")
    _, bob = stage.enter("bob")
    _, plain = stage.enter("eve", PLAIN)
    stage.room.broadcast_typing("ann")
    assert bob.values() == [{"type": "typing", "room": ROOM, "user": "ann"}]
    assert (ann.writes, plain.writes) == ([], [])
    assert [stage.room.may_type(user) for user in ("ann", "ann", "bob")] == [True, False, True]


async def test_a_reset_is_sent_to_live_members_at_once_and_to_slow_consumers_at_their_position(
    stage: Stage,
) -> None:
    _, live = stage.enter("ann")
    slow, full = stage.enter("bob")
    await stage.publish()
    full.paused = True
    epoch = stage.room.log.epoch
    stage.hub.publish(ROOM, b'{"text":"lost"}', "lost")
    stage.room.restart(Position(epoch, 5))
    assert live.values()[-1] == {"type": "reset", "room": ROOM, "epoch": epoch, "offset": 5}
    assert [value["type"] for value in full.values()] == ["message"]
    assert not slow.live


async def test_typing_users_are_kept_no_longer_than_needed(stage: Stage) -> None:
    now = 0.0
    stage.room.clock = lambda: now
    for number in range(20):
        now = float(number)
        # They join and leave between two broadcasts, so no leave is ever sent.
        assert stage.room.may_type(f"guest {number}")
        assert not stage.room.may_type(f"guest {number}")
    assert len(stage.room._typing) == TYPING_INTERVAL  # noqa: SLF001 - the only place that shows what is kept
    assert stage.room.may_type("guest 16")
    assert not stage.room.may_type("guest 17")


async def test_who_is_away_is_broadcast_with_the_joins_and_not_for_each_change(stage: Stage) -> None:
    ann, outlet = stage.enter("ann")
    bob, _ = stage.enter("bob")
    await until(lambda: presence(outlet))
    for away in (True, False, True):
        stage.room.turn(bob, away=away)
    stage.room.turn(ann, away=True)
    stage.room.turn(ann, away=False)
    stage.enter("eve")
    await until(lambda: len(presence(outlet)) == 2)
    last = outlet.values()[-1]
    assert (last["joined"], last["away"], "back" in last) == (["eve"], ["bob"], False)
    assert stage.room.members().away == ["bob"]
    stage.room.leave(bob)
    await until(lambda: len(presence(outlet)) == 3)
    last = outlet.values()[-1]
    assert (last["left"], "away" in last, "back" in last) == (["bob"], False, False)


async def test_a_slow_consumer_receives_who_is_away_when_it_has_caught_up(stage: Stage) -> None:
    slow, full = stage.enter("slow")
    eve, outlet = stage.enter("eve")
    await until(lambda: presence(full))
    full.paused = True
    stage.room.turn(eve, away=True)
    await until(lambda: len(presence(outlet)) == 2)
    full.drain()
    stage.room.fanout.resumed(slow)
    assert full.values()[-1]["away"] == ["eve"]


async def test_in_large_rooms_a_change_of_who_is_away_is_not_broadcast(stage: Stage) -> None:
    members = [stage.enter(f"user {number}") for number in range(4)]
    outlet = members[0][1]
    await until(lambda: presence(outlet))
    stage.room.turn(members[1][0], away=True)
    stage.enter("eve")
    await until(lambda: len(presence(outlet)) == 2)
    assert presence(outlet)[1] == (5, [], [])
    assert "away" not in outlet.values()[-1]
    stage.room.turn(members[2][0], away=True)
    await stage.publish()
    assert len(presence(outlet)) == 2
    assert stage.room.roster.away(["user 1", "user 2", "user 3"]) == ["user 1", "user 2"]
