"""Set up tests on a Redis Cluster: nodes, rooms in known slots, and publishing with retries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

from brokers.base import BrokerOptions, Receipt
from brokers.errors import Unavailable
from brokers.redis import RedisBroker
from brokers.redis.keyspace import Keyspace
from brokers.testing.recorder import BrokerNode, Recorder
from tests.contract.redis_cluster import ClusterServer, RedisCluster

KEYSPACE = Keyspace("hubbub", 0)
SOON = BrokerOptions(timeout=2.0)
FAST = ("--cluster-node-timeout", "1000", "--appendonly", "yes", "--appendfsync", "always")


ROOMS = (f"room {number}" for number in count())  # no two tests share one


@asynccontextmanager
async def nodes(url: str, options: BrokerOptions = SOON) -> AsyncIterator[tuple[BrokerNode, BrokerNode]]:
    pair = [BrokerNode(RedisBroker(replace(options, url=url)), Recorder()) for _ in range(2)]
    try:
        for node in pair:
            await node.broker.start(node.received)
        yield pair[0], pair[1]
    finally:
        for node in pair:
            await node.broker.close()


def owner(cluster: RedisCluster, room: str) -> ClusterServer:
    slot = KEYSPACE.slot(room)
    return cluster.primaries[slot // (16384 // len(cluster.primaries) + 1)]


def room_at(cluster: RedisCluster, server: ClusterServer) -> str:
    return next(room for room in ROOMS if owner(cluster, room) is server)


async def insist(node: BrokerNode, room: str, payload: bytes, key: str) -> Receipt:
    """Publish with the same key until it is acknowledged, as an SDK does."""
    async with asyncio.timeout(40):
        while True:
            try:
                return await node.broker.publish(room, payload, key=key)
            except Unavailable:
                await asyncio.sleep(0.05)


def restored(received: Recorder) -> bool:
    return received.states[-1:] == ["restored"]


async def talk(node: BrokerNode, room: str, done: asyncio.Event) -> list[bytes]:
    """Publish one message after another until `done` is set; return the acknowledged payloads."""
    published: list[bytes] = []
    while not done.is_set() or len(published) < 50:
        payload = b"%d" % len(published)
        await insist(node, room, payload, f"{room} {len(published)}")
        published.append(payload)
        await asyncio.sleep(0.001)
    return published
