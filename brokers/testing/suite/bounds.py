"""P9 bounded."""

from __future__ import annotations

from contextlib import suppress

import pytest

from brokers.base import BrokerOptions, Receipt, Retention
from brokers.errors import BrokerRefused, TooManyRooms, WritesRefused
from brokers.testing.backbone import Backbone
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode, chained


@promise("P9", options=BrokerOptions(retention=Retention(entries=5)))
async def test_a_room_keeps_its_last_entries(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    receipts = await here.send("room", *(b"%d" % number for number in range(20)))
    kept = await there.full_history("room")
    assert [entry.payload for entry in kept] == [b"15", b"16", b"17", b"18", b"19"]
    assert kept[0].prev == receipts[14].offset
    assert chained(kept)


@promise("P9", options=BrokerOptions(retention=Retention(entries=5)))
async def test_one_rooms_bound_takes_nothing_from_another(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    await here.send("quiet", b"kept")
    await here.send("busy", *(b"%d" % number for number in range(50)))
    assert [entry.payload for entry in await there.full_history("quiet")] == [b"kept"]


@promise("P9", needs="bounded_size", options=BrokerOptions(retention=Retention(size=1000)))
async def test_a_room_keeps_so_many_bytes(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    await here.send("room", *(bytes([number]) * 300 for number in range(10)))
    assert [entry.payload[0] for entry in await there.full_history("room")] == [7, 8, 9]
    await here.send("room", b"x" * 1000)
    assert [len(entry.payload) for entry in await there.full_history("room")] == [1000]


@promise("P9", options=BrokerOptions(retention=Retention(size=1000)))
async def test_what_could_never_be_kept_is_refused_and_nothing_else_is_lost(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    await here.send("room", b"kept")
    with pytest.raises(BrokerRefused):
        await here.broker.publish("room", b"x" * 1001, key="key")
    assert [entry.payload for entry in await there.full_history("room")] == [b"kept"]
    assert not (await here.broker.publish("room", b"smaller", key="key")).duplicate


@promise("P9", options=BrokerOptions(retention=Retention(age=2.0)))
async def test_expired_entries_are_trimmed_and_the_head_stays_known(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    *_, last = await here.send("room", b"one", b"two")
    await backbone.elapse(2.5)
    page = await there.broker.history("room", after=0, limit=10)
    assert (page.entries, page.head) == ((), (last.epoch, last.offset))
    assert page.trimmed
    assert (await there.broker.heads(["room"]))["room"] == page.head
    assert await there.broker.subscribe("room") == page.head
    [fresh] = await here.send("room", b"three")
    assert (fresh.epoch, fresh.offset > last.offset) == (last.epoch, True)
    assert [entry.payload for entry in await there.full_history("room")] == [b"three"]


@promise("P9", options=BrokerOptions(retention=Retention(age=0.0)))
async def test_without_an_age_entries_are_kept(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    await here.send("room", b"one")
    await backbone.elapse(1.0)
    assert [entry.payload for entry in await there.full_history("room")] == [b"one"]


@promise("P9", needs="counted")
async def test_subscribing_and_reading_store_nothing(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    await here.send("known", b"text")
    before = await backbone.stored()
    rooms = [f"unknown {number}" for number in range(20)]
    for room in rooms:
        for node in pair:
            assert (await node.broker.subscribe(room)).offset == 0
            assert (await node.broker.history(room, limit=10)).entries == ()
            node.broker.emit(room, b"signal")
    await there.broker.heads(rooms)
    assert await backbone.stored() == before
    for room in rooms:
        for node in pair:
            await node.broker.unsubscribe(room)
    assert await backbone.stored() == before


@promise("P6", "P9")
async def test_the_first_entry_of_a_subscribed_room_follows_its_head(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    for node in pair:
        await node.broker.subscribe("new")
    [first] = await here.send("new", b"first")
    [second] = await there.send("new", b"second")
    for node in pair:
        await node.received.count(2)
        assert [entry.prev for entry in node.received.entries] == [0, first.offset]
        assert {entry.epoch for entry in node.received.entries} == {first.epoch, second.epoch}
        assert await node.broker.subscribe("new") == (second.epoch, second.offset)
    assert [entry.payload for entry in await here.full_history("new")] == [b"first", b"second"]


@promise("P9", options=BrokerOptions(retention=Retention(rooms=3)))
async def test_new_rooms_take_nothing_from_the_others(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    acknowledged: dict[str, Receipt] = {}
    for number in range(9):
        with suppress(TooManyRooms):
            acknowledged[f"room {number}"] = (await here.send(f"room {number}", b"kept"))[0]
    assert len(acknowledged) >= 3
    for room, receipt in acknowledged.items():
        [entry] = await there.full_history(room)
        assert (entry.payload, entry.epoch, entry.offset) == (b"kept", receipt.epoch, receipt.offset)


@promise("P9", needs="bounded_rooms", options=BrokerOptions(retention=Retention(rooms=3)))
async def test_a_further_room_is_refused_and_the_others_go_on(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    rooms = ["one", "two", "three"]
    await there.broker.subscribe("four")
    for room in rooms:
        await here.send(room, b"text")
    with pytest.raises(TooManyRooms, match="3 rooms have messages"):
        await here.broker.publish("four", b"text", key="key")
    assert there.received.entries == []
    assert (await here.broker.heads(["four"]))["four"].offset == 0
    for room in rooms:
        await here.send(room, b"more")
        assert [entry.payload for entry in await there.full_history(room)] == [b"text", b"more"]


@promise("P9", options=BrokerOptions(retention=Retention(total=1_000_000, size=600_000)))
async def test_a_flood_takes_nothing_from_a_quiet_room(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    quiet = await here.send("quiet", *[b"x" * 1000] * 10)
    for number in range(150):
        with suppress(WritesRefused):
            await there.broker.publish(f"busy {number % 3}", b"x" * 20_000, key=f"{number}")
    assert [entry.offset for entry in await here.full_history("quiet")] == [each.offset for each in quiet]
