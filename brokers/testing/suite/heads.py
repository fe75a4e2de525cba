"""P10 heads."""

from __future__ import annotations

from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode


@promise("P10")
async def test_the_heads_of_many_rooms_are_their_last_positions(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    expected = {}
    for number in range(300):
        room = f"room {number}"
        *_, last = await here.send(room, *[b"text"] * (1 + number % 3))
        expected[room] = (last.epoch, last.offset)
    assert await there.broker.heads(expected) == expected


@promise("P10")
async def test_an_unknown_room_has_offset_zero_and_asking_makes_none(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    await here.send("known", b"text")
    heads = await there.broker.heads(["known", "unknown"])
    assert heads["known"].offset > 0
    assert heads["unknown"].offset == 0
    assert (await there.broker.history("unknown", limit=1)).head == heads["unknown"]


@promise("P10")
async def test_no_rooms_have_no_heads(pair: tuple[BrokerNode, BrokerNode]) -> None:
    assert await pair[0].broker.heads([]) == {}


@promise("P10")
async def test_a_head_moves_with_each_entry(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    for _ in range(5):
        [receipt] = await here.send("room", b"text")
        assert await there.broker.heads(iter(["room"])) == {"room": (receipt.epoch, receipt.offset)}
