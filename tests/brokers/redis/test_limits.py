"""Limits of Redis that one node meets: connections and output buffers."""

from __future__ import annotations

import asyncio

from brokers.base import Options
from brokers.testing.recorder import chained
from tests.brokers.redis.stage import own_server, stage

SOON = Options(timeout=2.0)


async def test_reads_wait_for_a_connection_when_redis_accepts_no_more() -> None:
    with own_server() as server:
        async with stage(SOON, server=server) as on:
            await on.here.send("room", b"text")
            await on.redis.config_set("maxclients", len(await on.redis.client_list()))
            pages = await asyncio.gather(*(on.here.broker.history("room", limit=9) for _ in range(30)))
            assert [len(page.entries) for page in pages] == [1] * 30
            heads = await asyncio.gather(
                *(on.there.broker.subscribe(f"room {number}") for number in range(30))
            )
            assert all(head.offset == 0 for head in heads)
            await on.here.send("room", b"more")
            await on.here.broker.probe()
            assert on.here.received.states == on.there.received.states == []


async def test_a_subscriber_that_redis_disconnects_for_its_buffer_misses_nothing() -> None:
    with own_server("--client-output-buffer-limit", "pubsub 32kb 0 0") as server:
        async with stage(SOON, server=server) as on:
            await on.there.broker.subscribe("room")
            await asyncio.gather(
                *(on.here.broker.publish("room", b"x" * 60_000, key=f"{number}") for number in range(40))
            )
            await on.there.received.until(lambda received: received.states[:1] == ["lost"])
            await on.there.received.until(lambda received: received.states[-1:] == ["restored"])
            kept = await on.there.full_history("room")
            assert len(kept) == 40
            assert chained(kept)
            await on.there.broker.subscribe("another")
            await on.here.send("another", b"text")
            await on.there.received.until(lambda received: received.payloads("another") == [b"text"])
