"""What the tests of the Redis broker begin with: nodes on a real server, and a client beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from secrets import token_hex

from redis.asyncio import Redis

from brokers.base import Options
from brokers.redis import RedisBroker
from brokers.redis.keyspace import Keyspace
from brokers.testing.recorder import BrokerNode, Recorder
from tests.contract.redis_server import RedisServer, shared_redis
from tests.contract.server import running


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Two started nodes, a client beside them, and what their rooms are called in Redis."""

    here: BrokerNode
    there: BrokerNode
    redis: Redis
    names: Keyspace

    async def kill_listener(self, node: BrokerNode) -> None:
        """Cut the connection on which a node listens, and wait until it knows."""
        for client in await self.redis.client_list(_type="pubsub"):
            await self.redis.client_kill_filter(_id=client["id"])
        await node.received.until(lambda received: "lost" in received.states)


@asynccontextmanager
async def stage(options: Options | None = None, *, server: RedisServer | None = None) -> AsyncIterator[Stage]:
    """Put two nodes on a server; names of their own keep them apart from other tests."""
    url = (server or shared_redis()).url
    options = replace(options or Options(), url=url, prefix=f"test-{token_hex(6)}")
    async with AsyncExitStack() as ends:
        redis = await ends.enter_async_context(Redis.from_url(url))
        nodes = [BrokerNode(RedisBroker(options), Recorder()) for _ in range(2)]
        for node in nodes:
            ends.push_async_callback(node.broker.close)
            await node.broker.start(node.received)
        yield Stage(here=nodes[0], there=nodes[1], redis=redis, names=Keyspace(options.prefix, 0))


def own_server(*arguments: str) -> AbstractContextManager[RedisServer]:
    """Run a server that a test may kill; what was acknowledged is on its disk."""
    return running(RedisServer("--appendonly", "yes", "--appendfsync", "always", *arguments))
