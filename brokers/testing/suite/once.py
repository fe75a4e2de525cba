"""P5 once."""

from __future__ import annotations

import asyncio

import pytest

from brokers.base import BrokerOptions, Retention
from brokers.errors import Unavailable
from brokers.testing.backbone import Backbone
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode


@promise("P5")
async def test_a_key_is_stored_once_and_the_first_payload_wins(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, _ = pair
    first = await here.broker.publish("room", b"first", key="key")
    await here.send("room", b"between")
    again = await here.broker.publish("room", b"again", key="key")
    assert again == first._replace(duplicate=True)
    assert [entry.payload for entry in await here.full_history("room")] == [b"first", b"between"]


@promise("P5")
async def test_a_retry_on_another_node_is_known_there(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    first = await here.broker.publish("room", b"text", key="key")
    assert await there.broker.publish("room", b"text", key="key") == first._replace(duplicate=True)


@promise("P5")
async def test_a_duplicate_is_not_delivered(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    await there.broker.subscribe("room")
    for node in (here, there, here):
        await node.broker.publish("room", b"text", key="key")
    await here.send("room", b"last")
    await there.received.count(2)
    assert there.received.payloads("room") == [b"text", b"last"]


@promise("P5")
async def test_of_many_at_once_with_one_key_on_both_nodes_one_is_stored(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    receipts = await asyncio.gather(
        *(node.broker.publish("room", b"text", key="key") for _ in range(50) for node in pair)
    )
    assert len({receipt.offset for receipt in receipts}) == 1
    assert sum(not receipt.duplicate for receipt in receipts) == 1
    assert len(await pair[0].full_history("room")) == 1


@promise("P5")
async def test_the_same_key_in_another_room_is_another_key(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    await here.send("two", b"so that the positions differ")
    await here.broker.publish("one", b"text", key="key")
    receipt = await there.broker.publish("two", b"text", key="key")
    assert not receipt.duplicate
    assert [entry.offset for entry in await here.full_history("two")][-1] == receipt.offset


@promise("P5")
async def test_keys_are_text_and_no_patterns(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    keys = ["*", ">", "a.b", "a:b", "{a}", "a b", "ä", "A", "a", "a" * 100]
    for key in keys:
        assert not (await here.broker.publish("room", b"text", key=key)).duplicate
    for key in keys:
        assert (await there.broker.publish("room", b"text", key=key)).duplicate


@promise("P5", options=BrokerOptions(retention=Retention(entries=2)))
async def test_a_key_is_known_even_when_its_entry_was_trimmed(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    first = await here.broker.publish("room", b"text", key="key")
    await here.send("room", b"one", b"two", b"three")
    assert await there.broker.publish("room", b"text", key="key") == first._replace(duplicate=True)
    assert [entry.payload for entry in await here.full_history("room")] == [b"two", b"three"]


@promise("P5", options=BrokerOptions(key_window=2.0))
async def test_a_key_is_another_message_after_its_window(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    first = await here.broker.publish("room", b"text", key="key")
    assert (await there.broker.publish("room", b"text", key="key")).duplicate
    await backbone.elapse(2.5)
    second = await there.broker.publish("room", b"text", key="key")
    assert not second.duplicate
    assert second.offset > first.offset
    assert await here.broker.publish("room", b"text", key="key") == second._replace(duplicate=True)


@promise("P5", needs="lost_answers", options=BrokerOptions(timeout=1.0))
async def test_a_retry_finds_what_was_stored_though_the_answer_was_lost(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    backbone.lose_answer()
    with pytest.raises(Unavailable):
        await here.broker.publish("room", b"text", key="key")
    receipt = await here.broker.publish("room", b"text", key="key")
    assert receipt.duplicate
    assert [entry.offset for entry in await there.full_history("room")] == [receipt.offset]
