"""On a cluster, too, a refused entry leaves nothing behind: its key can be stored later."""

from __future__ import annotations

import pytest

from brokers.base import Receipt, Retention
from brokers.errors import Unavailable, WritesRefused
from brokers.testing.recorder import BrokerNode
from tests.brokers.nats.nodes import node, operator, options
from tests.contract.nats_cluster import ask, shared_cluster, until

pytestmark = pytest.mark.cluster


async def _fill(here: BrokerNode) -> list[Receipt]:
    """Publish until the stream is full."""
    receipts: list[Receipt] = []
    try:
        while len(receipts) < 100:
            key = f"filler {len(receipts)}"
            receipts.append(await here.broker.publish("room", b"x" * 4000, key=key))
    except WritesRefused:
        return receipts
    pytest.fail("the stream does not fill")


async def test_a_full_stream_of_a_cluster_refuses_and_stores_the_same_key_later() -> None:
    cluster = shared_cluster()
    shared = options(cluster.servers[0], url=cluster.url, retention=Retention(total=100_000))
    name = f"{shared.prefix}_entries"
    async with node(shared) as here, operator(cluster.servers[0].url) as client:
        config = (await ask(client, f"STREAM.INFO.{name}"))["config"]
        assert isinstance(config, dict)
        assert "error" not in await ask(client, f"STREAM.UPDATE.{name}", **{**config, "discard": "new"})
        receipts = await _fill(here)
        refused = f"filler {len(receipts)}"
        for _ in range(3):
            with pytest.raises(Unavailable):
                await here.broker.publish("room", b"x" * 4000, key=refused)
        assert (await ask(client, f"STREAM.PURGE.{name}"))["success"]

        async def accepted() -> bool:
            return here.broker.stats()["writable"] == 1.0

        await until(accepted)
        stored = await here.broker.publish("room", b"x" * 4000, key=refused)
        assert (stored.duplicate, stored.offset > receipts[-1].offset) == (False, True)
        assert [entry.offset for entry in await here.full_history("room")] == [stored.offset]
