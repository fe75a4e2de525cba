"""The faulty broker injects the commanded faults, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import islice

import pytest

from brokers.base import BrokerOptions
from brokers.errors import Unavailable
from brokers.memory import Hub, MemoryBroker
from brokers.testing.recorder import BrokerNode, Recorder
from tests.faults.faulty import Fate, FaultyBroker, seeded

TEXTS = [b"one", b"two", b"three", b"four", b"five"]


@pytest.fixture
async def broker() -> AsyncIterator[FaultyBroker]:
    broker = FaultyBroker(MemoryBroker(BrokerOptions()))
    yield broker
    await broker.close()


@pytest.fixture
async def node(broker: FaultyBroker) -> BrokerNode:
    received = Recorder()
    await broker.start(received)
    await broker.subscribe("room")
    return BrokerNode(broker, received)


@pytest.mark.parametrize(
    ("fates", "received"),
    [
        ([], [b"one", b"two", b"three", b"four", b"five"]),
        ([Fate.PASS, Fate.DROP], [b"one", b"three", b"four", b"five"]),
        ([Fate.DUPLICATE, Fate.DROP], [b"one", b"one", b"three", b"four", b"five"]),
        ([Fate.PASS, Fate.DELAY], [b"one", b"three", b"four", b"two", b"five"]),
        ([Fate.DELAY, Fate.DELAY], [b"three", b"one", b"four", b"two", b"five"]),
    ],
)
async def test_entries_get_the_commanded_fates(
    broker: FaultyBroker, node: BrokerNode, fates: list[Fate], received: list[bytes]
) -> None:
    broker.fate(*fates)
    await node.send("room", *TEXTS)
    assert node.received.payloads("room") == received
    assert [entry.payload for entry in await node.full_history("room")] == TEXTS


async def test_a_delayed_entry_that_nothing_overtakes_waits_for_its_release(
    broker: FaultyBroker, node: BrokerNode
) -> None:
    broker.fate(Fate.PASS, Fate.DELAY)
    await node.send("room", b"one", b"two")
    assert node.received.payloads("room") == [b"one"]
    broker.release()
    assert node.received.payloads("room") == [b"one", b"two"]


async def test_a_delayed_entry_is_lost_with_the_connection(broker: FaultyBroker, node: BrokerNode) -> None:
    broker.fate(Fate.DELAY)
    await node.send("room", b"one")
    broker.cut()
    broker.mend()
    broker.release()
    await node.send("room", b"two", b"three", b"four")
    assert node.received.payloads("room") == [b"two", b"three", b"four"]


def test_the_same_seed_draws_the_same_fates() -> None:
    drawn, again, other = (
        list(islice(seeded(seed, drop=0.2, duplicate=0.2, delay=0.2), 1000)) for seed in (1, 1, 2)
    )
    assert drawn == again != other
    assert set(drawn) == set(Fate)
    assert set(islice(seeded(1, drop=1.0), 100)) == {Fate.DROP}


async def test_an_unreachable_node_misses_what_others_publish_and_can_store_nothing() -> None:
    hub = Hub(BrokerOptions())
    cut, other = FaultyBroker(MemoryBroker(BrokerOptions(), hub)), MemoryBroker(BrokerOptions(), hub)
    received = Recorder()
    await cut.start(received)
    await other.start(Recorder())
    await cut.subscribe("room")
    cut.cut()
    await other.publish("room", b"missed", key="1")
    with pytest.raises(Unavailable):
        await cut.publish("room", b"refused", key="2")
    cut.mend()
    await cut.publish("room", b"heard", key="3")
    assert received.payloads("room") == [b"heard"]
    assert received.states == ["lost", "restored"]
    assert received.entries[0].prev == 1, "the gap is visible"


async def test_a_lost_answer_belongs_to_a_stored_entry(broker: FaultyBroker, node: BrokerNode) -> None:
    broker.lose_answers(1)
    with pytest.raises(Unavailable):
        await broker.publish("room", b"text", key="key")
    assert node.received.payloads("room") == [b"text"]
    assert (await broker.publish("room", b"text", key="key")).duplicate
