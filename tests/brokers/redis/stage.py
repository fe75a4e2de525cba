"""Set up tests on a real Redis: two nodes, and a client for direct access."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from secrets import token_hex

from redis.asyncio import Redis

from brokers.base import BrokerOptions
from brokers.redis import RedisBroker
from brokers.redis.keyspace import Keyspace
from brokers.testing.recorder import BrokerNode, Recorder
from tests.contract.redis_server import RedisServer, shared_redis
from tests.contract.server import running


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Two started nodes, a client for direct access, and their keyspace."""

    here: BrokerNode
    there: BrokerNode
    redis: Redis
    keyspace: Keyspace

    async def kill_listener(self, node: BrokerNode) -> None:
        """Kill the subscriber connection of a node, and wait until it is reported."""
        for client in await self.redis.client_list(_type="pubsub"):
            await self.redis.client_kill_filter(_id=client["id"])
        await node.received.until(lambda received: "lost" in received.states)


@asynccontextmanager
async def stage(
    options: BrokerOptions | None = None, *, server: RedisServer | None = None
) -> AsyncIterator[Stage]:
    """Start two nodes on a server, with a new prefix."""
    url = (server or shared_redis()).url
    options = replace(options or BrokerOptions(), url=url, prefix=f"test-{token_hex(6)}")
    async with AsyncExitStack() as ends:
        redis = await ends.enter_async_context(Redis.from_url(url))
        nodes = [BrokerNode(RedisBroker(options), Recorder()) for _ in range(2)]
        for node in nodes:
            ends.push_async_callback(node.broker.close)
            await node.broker.start(node.received)
        yield Stage(here=nodes[0], there=nodes[1], redis=redis, keyspace=Keyspace(options.prefix, 0))


def own_server(*arguments: str) -> AbstractContextManager[RedisServer]:
    """Run a server that a test may kill; it stores what it acknowledges on disk."""
    return running(RedisServer("--appendonly", "yes", "--appendfsync", "always", *arguments))
