"""P2 stored, P3 one order, P4 call order."""

from __future__ import annotations

import asyncio

from brokers.base import Entry
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode, chained


@promise("P2")
async def test_what_is_acknowledged_is_in_the_history_at_its_position(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    for text in (b"one", b"two", b"three"):
        [receipt] = await here.send("room", text)
        assert not receipt.duplicate
        page = await there.broker.history("room", after=receipt.offset - 1, limit=10)
        assert [(entry.offset, entry.payload) for entry in page.entries] == [(receipt.offset, text)]
        assert page.head == (receipt.epoch, receipt.offset)


@promise("P2")
async def test_what_is_delivered_is_what_history_returns(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    await there.broker.subscribe("room")
    await here.send("room", *(b"%d" % number for number in range(10)))
    await there.received.count(10)
    assert there.received.entries == await there.full_history("room")


@promise("P3")
async def test_both_nodes_receive_one_order_when_both_publish(pair: tuple[BrokerNode, BrokerNode]) -> None:
    for node in pair:
        await node.broker.subscribe("room")
    await asyncio.gather(
        *(node.send("room", b"%d" % number) for number in range(50) for node in pair),
    )
    for node in pair:
        await node.received.count(100)
    here, there = pair
    assert here.received.entries == there.received.entries == await here.full_history("room")


@promise("P3")
async def test_offsets_grow_within_one_epoch_and_each_entry_names_the_one_before(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    receipts = [(await node.send("room", b"text"))[0] for _ in range(10) for node in pair]
    offsets = [receipt.offset for receipt in receipts]
    assert offsets == sorted(set(offsets))
    assert {receipt.epoch for receipt in receipts} == {(await there.broker.heads(["room"]))["room"].epoch}
    entries = await here.full_history("room")
    assert [entry.offset for entry in entries] == offsets
    assert entries[0].prev == 0
    assert chained(entries)


@promise("P3")
async def test_the_chain_of_a_room_knows_nothing_of_other_rooms(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    await there.broker.subscribe("one")
    for number in range(10):
        await here.send("one", b"%d" % number)
        await here.send("two", b"%d" % number)
    await there.received.count(10)
    assert chained(there.received.entries)
    assert chained(await here.full_history("two"))


@promise("P4")
async def test_publishes_that_are_not_awaited_are_stored_in_the_order_of_the_calls(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    await there.broker.subscribe("room")
    texts = [b"%d" % number for number in range(500)]
    answers = [here.broker.publish("room", text, key=here.fresh_key()) for text in texts]
    await there.received.count(500)
    assert there.received.payloads("room") == texts
    offsets = [receipt.offset for receipt in await asyncio.gather(*answers)]
    assert offsets == sorted(set(offsets))


@promise("P3", "P4")
async def test_an_answer_published_while_an_entry_is_delivered_comes_after_it_everywhere(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    for node in pair:
        await node.broker.subscribe("room")

    def answer(entry: Entry) -> None:
        if not entry.payload.startswith(b"re:"):
            here.broker.publish("room", b"re:" + entry.payload, key=here.fresh_key())
            here.broker.publish("room", b"re:re:" + entry.payload, key=here.fresh_key())

    here.received.react = answer
    await there.send("room", b"one", b"two", b"three")
    for node in pair:
        await node.received.count(9)
        assert chained(node.received.entries)
    received = there.received.payloads("room")
    assert here.received.payloads("room") == received
    for text in (b"one", b"two", b"three"):
        assert received.index(text) < received.index(b"re:" + text) < received.index(b"re:re:" + text)
