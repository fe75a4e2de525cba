"""The first call after a quiet time succeeds at once, although the connections are dead."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from secrets import token_hex
from typing import TypeAlias

import pytest
import redis

from brokers.base import Broker, BrokerOptions
from brokers.redis import RedisBroker
from brokers.testing.recorder import BrokerNode, Recorder
from tests.brokers.redis.stage import own_server, stage
from tests.contract.proxy import Answer, Proxy
from tests.contract.redis_server import shared_redis

Call: TypeAlias = Callable[[Broker], Awaitable[object]]

CALLS: dict[str, Call] = {
    "subscribe": lambda broker: broker.subscribe("room"),
    "history": lambda broker: broker.history("room", limit=9),
    "heads": lambda broker: broker.heads(["room"]),
    "publish": lambda broker: broker.publish("room", b"text", key="key"),
    "probe": lambda broker: broker.probe(),
}


async def in_a_second(call: Awaitable[object]) -> None:
    async with asyncio.timeout(1.0):
        await call


@pytest.mark.parametrize("name", ["subscribe", "history", "heads"])
async def test_connections_that_redis_closed_just_now(name: str) -> None:
    with own_server() as server:
        async with stage(server=server) as on:
            await asyncio.gather(*(on.here.broker.heads(["room"]) for _ in range(8)))
            await on.here.send("room", b"before")
            # Without a turn of the loop: a node has not read yet that its connections have ended.
            with redis.Redis(unix_socket_path=str(server.socket)) as blocking:
                blocking.client_kill_filter(_type="normal", skipme=True)
            await in_a_second(CALLS[name](on.here.broker))
            await in_a_second(asyncio.gather(*(call(on.here.broker) for call in CALLS.values())))


@pytest.mark.parametrize("name", CALLS)
async def test_a_redis_with_a_time_limit_for_idle_connections(name: str) -> None:
    with own_server("--timeout", "1") as server:
        async with stage(server=server) as on:
            await asyncio.gather(*(on.here.broker.history("room", limit=1) for _ in range(8)))
            async with asyncio.timeout(20):
                while len(await on.redis.client_list(_type="normal")) > 2:  # noqa: ASYNC110 - Redis's timer
                    await asyncio.sleep(0.02)
            await in_a_second(CALLS[name](on.here.broker))
            assert on.here.received.states == []


@pytest.fixture
async def behind_proxy() -> AsyncIterator[tuple[BrokerNode, Proxy]]:
    proxy = Proxy(shared_redis().socket, Answer())
    port = await proxy.open()
    # A middlebox waits for minutes, a test should not.
    url = f"redis://127.0.0.1:{port}/0?idle=1"
    options = BrokerOptions(url=url, prefix=f"test-{token_hex(6)}")
    node = BrokerNode(RedisBroker(options), Recorder())
    await node.broker.start(node.received)
    yield node, proxy
    await node.broker.close()
    await proxy.close()


@pytest.mark.parametrize("name", CALLS)
async def test_idle_connections_that_a_middlebox_forgot(
    behind_proxy: tuple[BrokerNode, Proxy], name: str
) -> None:
    node, proxy = behind_proxy
    await node.send("room", b"before")
    await asyncio.gather(*(node.broker.history("room", limit=1) for _ in range(8)))
    async with asyncio.timeout(20):
        # The subscriber connection is used by probes, so a middlebox remembers it.
        while await proxy.forget_idle(1.2, but=re.compile(b"SUBSCRIBE")) < 8:  # noqa: ASYNC110 - its clock
            await asyncio.sleep(0.05)
    await in_a_second(CALLS[name](node.broker))
    assert node.received.states == []
    assert [entry.payload for entry in await node.full_history("room")].count(b"text") <= 1
