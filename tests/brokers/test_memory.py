"""The memory broker bounds its rooms, and its hub calls listeners one after another."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from typing_extensions import override

from brokers.base import BrokerOptions, Entry, Retention
from brokers.errors import TooManyRooms, WritesRefused
from brokers.memory import Hub, MemoryBroker
from brokers.testing.recorder import BrokerNode, Recorder, chained


class Clock:
    """A clock that is advanced by the test."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Hub:
    return Hub(BrokerOptions(retention=Retention(rooms=3, age=1000.0), key_window=100.0), clock=clock)


@pytest.fixture
async def pair(hub: Hub) -> AsyncIterator[tuple[BrokerNode, BrokerNode]]:
    nodes = [BrokerNode(MemoryBroker(BrokerOptions(), hub), Recorder()) for _ in range(2)]
    for node in nodes:
        await node.broker.start(node.received)
    yield nodes[0], nodes[1]
    for node in nodes:
        await node.broker.close()


def _counts(hub: Hub) -> dict[str, float]:
    return {name: count for name, count in hub.stats().items() if name != "memory"}


async def test_the_answer_is_there_at_once(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    await there.broker.subscribe("room")
    assert here.broker.publish("room", b"text", key="key").done()
    assert there.received.payloads("room") == [b"text"]


async def test_a_process_begins_its_own_epoch() -> None:
    assert Hub(BrokerOptions()).head("room").epoch != Hub(BrokerOptions()).head("room").epoch


async def test_a_new_room_takes_the_place_of_one_that_has_expired(
    pair: tuple[BrokerNode, BrokerNode], hub: Hub, clock: Clock
) -> None:
    here, _ = pair
    for room in ("one", "two", "three"):
        await here.send(room, b"text")
    with pytest.raises(TooManyRooms):
        await here.send("four", b"text")
    clock.now = 900.0
    await here.send("one", b"text")
    clock.now = 1001.0
    await here.send("four", b"text")
    assert hub.stats()["rooms"] == 3
    assert [room for room in ("one", "two", "three", "four") if hub.head(room).offset] == [
        "one",
        "three",
        "four",
    ]


async def test_an_evicted_room_begins_a_new_epoch_without_its_keys(
    pair: tuple[BrokerNode, BrokerNode], clock: Clock
) -> None:
    here, _ = pair
    first = await here.broker.publish("room", b"text", key="key")
    clock.now = 1001.0
    for room in ("one", "two", "three"):
        await here.send(room, b"text")
    clock.now = 2002.0
    again = await here.broker.publish("room", b"text", key="key")
    assert not again.duplicate
    assert again.epoch != first.epoch
    assert (await here.full_history("room"))[0].prev == 0


async def test_evicting_one_room_leaves_the_epochs_of_the_others(
    pair: tuple[BrokerNode, BrokerNode], clock: Clock
) -> None:
    here, there = pair
    new = await there.broker.subscribe("new")
    [first] = await here.send("one", b"text")
    clock.now = 1001.0
    for room in ("two", "three"):
        await here.send(room, b"text")
    [receipt] = await here.send("new", b"text")
    assert receipt.epoch == new.epoch == first.epoch


async def test_a_room_with_subscribers_is_never_evicted(
    pair: tuple[BrokerNode, BrokerNode], hub: Hub, clock: Clock
) -> None:
    here, there = pair
    for room in ("one", "two", "three", "four"):
        await there.broker.subscribe(room)
    for room in ("one", "two", "three"):
        await here.send(room, b"text")
    clock.now = 1001.0
    with pytest.raises(TooManyRooms):
        await here.send("four", b"text")
    assert [hub.head(room).offset for room in ("one", "two", "three", "four")] == [1, 1, 1, 0]
    await there.broker.unsubscribe("two")
    await here.send("four", b"text")
    assert hub.head("two").offset == 0


async def test_a_room_that_was_only_subscribed_leaves_nothing(
    pair: tuple[BrokerNode, BrokerNode], hub: Hub
) -> None:
    for node in pair:
        for number in range(10):
            await node.broker.subscribe(f"room {number}")
    for node in pair:
        await node.broker.close()
    assert hub.stats()["rooms"] == 0


async def test_reading_makes_no_rooms(pair: tuple[BrokerNode, BrokerNode], hub: Hub) -> None:
    here, _ = pair
    await here.broker.heads(f"room {number}" for number in range(100))
    await here.broker.history("room", limit=1)
    here.broker.emit("room", b"")
    assert hub.stats()["rooms"] == 0


async def test_when_all_is_too_old_nothing_is_kept_but_the_heads(
    pair: tuple[BrokerNode, BrokerNode], hub: Hub, clock: Clock
) -> None:
    here, _ = pair
    await here.send("one", *[b"text"] * 10)
    assert _counts(hub) == {"rooms": 1, "entries": 10, "bytes": 40, "keys": 10}
    clock.now = 1001.0
    assert _counts(hub) == {"rooms": 1, "entries": 0, "bytes": 0, "keys": 0}
    assert hub.head("one").offset == 10


async def test_busy_rooms_tidy_the_quiet_ones(
    pair: tuple[BrokerNode, BrokerNode], hub: Hub, clock: Clock
) -> None:
    here, _ = pair
    quiet = await here.send("quiet", *[b"text"] * 1000)
    clock.now = 1001.0
    for _ in range(20):  # far fewer than had expired
        await here.send("busy", b"text")
        clock.now += 0.001
    clock.now = 0.0  # so that counting trims nothing
    assert _counts(hub) == {"rooms": 2, "entries": 20, "bytes": 80, "keys": 20}
    assert hub.head("quiet").offset == quiet[-1].offset


async def test_a_listener_that_raises_breaks_no_other(
    pair: tuple[BrokerNode, BrokerNode], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(entry: Entry) -> None:
        raise RuntimeError(entry.room)

    here, there = pair
    for node in pair:
        await node.broker.subscribe("room")
    here.received.react = fail
    with caplog.at_level(logging.ERROR):
        await there.send("room", b"one", b"two")
    assert there.received.payloads("room") == here.received.payloads("room") == [b"one", b"two"]
    assert [record.exc_text is not None for record in caplog.records] == [True, True]


async def test_listeners_are_called_in_the_order_of_their_subscriptions(hub: Hub) -> None:
    called: list[Recorder] = []

    class Caller(Recorder):
        @override
        def deliver(self, entry: Entry) -> None:
            super().deliver(entry)
            called.append(self)

    listeners = [Caller(), Caller(), Caller()]
    for listener in listeners:
        hub.subscribe("room", listener)
    hub.publish("room", b"text", key="key")
    assert called == listeners


async def test_a_flood_of_answers_neither_recurses_nor_reorders(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    for node in pair:
        await node.broker.subscribe("room")

    def answer(entry: Entry) -> None:
        if entry.offset < 5000:
            here.broker.publish("room", b"", key=here.fresh_key())

    here.received.react = answer
    await there.send("room", b"")
    assert len(there.received.entries) == 5000
    assert chained(there.received.entries)
    assert here.received.entries == there.received.entries


SHARED = BrokerOptions(retention=Retention(total=400_000, size=300_000, age=1000.0), key_window=100.0)


async def test_a_room_above_its_share_pays_for_what_is_written_to_it(clock: Clock) -> None:
    hub = Hub(SHARED, clock=clock)
    for number in range(10):
        hub.publish("quiet", b"x" * 1000, f"{number}")
    for number in range(100):
        hub.publish("busy", b"x" * 10_000, f"{number}")
    quiet, busy = (hub.history(room, after=0, before=None, limit=200).entries for room in ("quiet", "busy"))
    assert (len(quiet), len(busy)) == (10, 30)
    assert hub.stats()["memory"] <= 400_000


async def test_a_room_below_its_share_is_written_at_the_cost_of_the_largest(clock: Clock) -> None:
    hub = Hub(SHARED, clock=clock)
    for number in range(29):
        hub.publish("largest", b"x" * 10_000, f"{number}")
    for number in range(20):
        hub.publish("small", b"x" * 9000, f"{number}")
    assert len(hub.history("small", after=0, before=None, limit=100).entries) == 20
    assert 0 < len(hub.history("largest", after=0, before=None, limit=100).entries) < 29
    assert hub.stats()["memory"] <= 400_000


async def test_what_fits_nowhere_is_refused_until_keys_have_expired(clock: Clock) -> None:
    hub = Hub(BrokerOptions(retention=Retention(total=20_000, age=1.0), key_window=100.0), clock=clock)
    for number in range(50):
        with suppress(WritesRefused):
            hub.publish("room", b"x", f"{number}")
        clock.now += 2.0 / 50
    with pytest.raises(WritesRefused, match="HUBBUB_MEMORY_BYTES"):
        hub.publish("room", b"x" * 10_000, "large")
    clock.now = 200.0
    hub.stats()  # trims
    hub.stats()
    hub.publish("room", b"x", "another")


async def test_what_is_trimmed_and_forgotten_is_not_counted(clock: Clock) -> None:
    hub = Hub(SHARED, clock=clock)
    for number in range(50):
        hub.publish(f"room {number % 3}", b"x" * 1000, f"{number}")
    assert hub.stats()["memory"] == 50 * (1000 + 512 + 256)
    clock.now = 1001.0
    hub.stats()
    assert hub.stats()["memory"] == 0
