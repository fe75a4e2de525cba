"""The Redis broker finds its primary through sentinels."""

from __future__ import annotations

import asyncio

import pytest

from brokers.base import BrokerOptions
from brokers.errors import BrokerError
from brokers.redis import RedisBroker
from brokers.testing.recorder import BrokerNode, Recorder
from tests.contract.redis_sentinel import RedisSentinel
from tests.contract.server import running

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


async def test_after_a_failover_the_node_uses_the_new_primary() -> None:
    with running(RedisSentinel()) as watched:
        node = BrokerNode(RedisBroker(BrokerOptions(url=watched.url, timeout=1.0)), Recorder())
        await node.broker.start(node.received)
        await node.broker.subscribe("room")
        await node.send("room", b"before")
        watched.servers[0].kill()
        async with asyncio.timeout(40):
            while "restored" not in node.received.states:
                try:
                    await node.broker.probe()
                except BrokerError:
                    await asyncio.sleep(0.1)  # the sentinel takes a while
        await node.send("room", b"after")
        await node.received.until(lambda received: received.payloads("room")[-1:] == [b"after"])
        assert [entry.payload for entry in await node.full_history("room")][-1] == b"after"
        await node.broker.close()
