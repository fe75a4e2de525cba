"""Limits of Redis that one node meets: connections, output buffers, channels that it may not subscribe to."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from brokers.base import BrokerOptions
from brokers.errors import Unavailable
from brokers.testing.recorder import chained
from tests.brokers.redis.stage import own_server, stage
from tests.brokers.redis.users import as_user, change_user, make_user

SOON = BrokerOptions(timeout=2.0)


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
    with own_server() as server:
        async with stage(SOON, server=server) as on:
            await on.redis.config_set("client-output-buffer-limit", "pubsub 32768 0 0")
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


@pytest.mark.parametrize("together", [True, False])
async def test_a_channel_that_may_not_be_subscribed_to_costs_only_its_room(*, together: bool) -> None:
    with own_server() as server:
        async with Redis.from_url(server.url) as admin:
            await make_user(admin, "~*", "&*")
        async with stage(SOON, server=server, url=as_user(server.url)) as on:
            await on.here.broker.subscribe("known")
            prefix = on.keyspace.rooms.removesuffix(":rooms")
            allowed = [on.keyspace.channel(room).decode() for room in ("known", "a", "b")]
            channels = [f"&{name}" for name in (*allowed, f"{prefix}:probe:*", f"{{{prefix}:*:check:*")]
            await change_user(on.redis, "resetchannels", *channels)
            calls = [on.here.broker.subscribe(room) for room in ("a", "denied", "b")]
            if together:
                answers = await asyncio.gather(*calls, return_exceptions=True)
            else:
                answers = [(await asyncio.gather(call, return_exceptions=True))[0] for call in calls]
            assert [isinstance(answer, Unavailable) for answer in answers] == [False, True, False]
            assert "permission" in str(answers[1])
            for room in ("known", "a", "b"):
                await on.there.send(room, room.encode())
            await on.here.received.count(3)
            assert on.here.received.states == []
            assert on.here.broker.stats()["subscriptions"] == 3
