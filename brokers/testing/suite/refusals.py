"""P15 honest: a backbone that can be reached, but refuses writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from brokers.base import BrokerOptions
from brokers.errors import WritesRefused
from brokers.testing.backbone import Backbone
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode, Recorder

SOON = BrokerOptions(timeout=2.0)


@asynccontextmanager
async def _refusing(backbone: Backbone) -> AsyncIterator[None]:
    await backbone.refuse_writes()
    try:
        yield
    finally:
        await backbone.accept_writes()


async def _writable(node: BrokerNode, expected: int) -> None:
    """Wait until a node has detected whether writes are accepted."""
    while node.broker.stats()["writable"] != expected:  # noqa: ASYNC110 - a backbone need not report it
        await asyncio.sleep(0.01)


@promise("P15", needs="refused_writes", options=SOON)
async def test_a_refused_entry_is_not_stored_and_can_be_retried(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    await here.send("room", b"before")
    async with _refusing(backbone):
        for room in ("room", "new"):
            for node in pair:
                with pytest.raises(WritesRefused):
                    await node.broker.publish(room, b"text", key="key")
    for room in ("room", "new"):
        receipt = await there.broker.publish(room, b"text", key="key")
        assert not receipt.duplicate
        assert (await here.broker.publish(room, b"text", key="key")) == receipt._replace(duplicate=True)
    assert [entry.payload for entry in await here.full_history("room")] == [b"before", b"text"]
    assert [entry.payload for entry in await here.full_history("new")] == [b"text"]


@promise("P15", needs="refused_writes", options=SOON)
async def test_while_writes_are_refused_everything_else_works(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    [stored] = await here.send("room", b"stored")
    async with _refusing(backbone):
        late = BrokerNode(backbone.node(), Recorder())
        await late.broker.start(late.received)
        for node in (there, late):
            assert await node.broker.subscribe("room") == (stored.epoch, stored.offset)
            assert (await node.broker.subscribe("new")).offset == 0
            assert [entry.payload for entry in await node.full_history("room")] == [b"stored"]
            assert (await node.broker.heads(["room"]))["room"] == (stored.epoch, stored.offset)
        here.broker.emit("room", b"signal")
        await there.received.until(lambda received: bool(received.signals))
        await there.broker.unsubscribe("room")
        assert [node.received.states for node in (here, there, late)] == [[], [], []]
    [after] = await here.send("new", b"after")
    await late.received.count(1)
    [entry] = late.received.entries
    assert (entry.prev, entry.offset, entry.payload) == (0, after.offset, b"after")
    await late.broker.close()


@promise("P15", "P16", needs="refused_writes", options=SOON)
async def test_a_refusal_is_reported_until_it_ends(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, _ = pair
    await _writable(here, 1)
    for _ in range(2):
        async with _refusing(backbone):
            with pytest.raises(WritesRefused, match=r"\w+ \w+"):
                await here.broker.probe()
            assert here.broker.stats()["writable"] == 0
        await _writable(here, 1)
        await here.broker.probe()
