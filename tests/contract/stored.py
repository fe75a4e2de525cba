"""What servers store for one installation, and whether they accept writes."""

from __future__ import annotations

from redis.asyncio import Redis

from tests.brokers.nats.nodes import operator


async def require_replicas(number: int, *urls: str) -> None:
    """Let servers refuse writes with NOREPLICAS, as they have no replica."""
    for url in urls:
        async with Redis.from_url(url) as client:
            await client.config_set("min-replicas-to-write", number)


async def count_keys(prefix: str, *urls: str) -> int:
    """Count the keys of an installation."""
    count = 0
    for url in urls:
        async with Redis.from_url(url) as client:
            async for _ in client.scan_iter(match=f"*{prefix}*", count=1000):
                count += 1
    return count


async def count_messages(url: str, prefix: str) -> int:
    """Count the messages in the streams of an installation."""
    async with operator(url) as client:
        infos = [await client.jetstream().stream_info(f"{prefix}_{name}") for name in ("entries", "heads")]
    return sum(info.state.messages for info in infos)
