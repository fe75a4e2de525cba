"""P9 bounded."""

from __future__ import annotations

import pytest

from brokers.base import BrokerOptions, Retention
from brokers.errors import BrokerRefused
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
