"""Compose the components of a started node."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from secrets import token_hex

from brokers.base import BrokerOptions, Listener
from brokers.redis.clock import SteadyClock
from brokers.redis.connection.url import parse_options
from brokers.redis.keyspace import Keyspace
from brokers.redis.listen.subscriptions import ChannelSubscription
from brokers.redis.publish.publisher import Answer, entry
from brokers.redis.read.history import RedisReader
from brokers.redis.read.redelivery import Redelivery
from brokers.redis.read.requests import ShardRequests
from brokers.redis.retention import RoomRetention
from brokers.redis.topology.discovery import ClusterDiscovery
from brokers.redis.topology.shards import Shards


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisNode:
    """The components of a node, and the operations that need several of them."""

    options: BrokerOptions
    keyspace: Keyspace
    shards: Shards
    cluster: ClusterDiscovery | None
    reader: RedisReader
    room_retention: RoomRetention
    redelivery: Redelivery
    clock: SteadyClock
    _node_id: str = field(default_factory=lambda: token_hex(4))
    _epoch_counter: count[int] = field(default_factory=lambda: count(1))

    @classmethod
    def make(cls, options: BrokerOptions, listener: Listener) -> RedisNode:
        """Create and connect the components.

        Raises:
            Misconfigured: the URL is not a valid Redis URL.
        """
        redis_url = parse_options(options)
        keyspace = Keyspace(options.prefix, redis_url.database)
        shards = Shards(redis_url, keyspace, listener)
        requests = ShardRequests(shards, options.timeout)
        clock = SteadyClock()
        reader = RedisReader(shards, requests, keyspace, options.retention, clock)
        shards.redelivery = redelivery = Redelivery(reader, listener)
        return cls(
            options=options,
            keyspace=keyspace,
            shards=shards,
            cluster=ClusterDiscovery(redis_url, shards) if redis_url.settings.cluster else None,
            reader=reader,
            room_retention=RoomRetention(shards, requests, keyspace, reader, options.retention),
            redelivery=redelivery,
            clock=clock,
        )

    async def discover(self) -> None:
        """Discover the servers, and check that they are compatible.

        Raises:
            Unavailable: a server can't be reached.
            Misconfigured: a server or the URL has to be changed.
        """
        if self.cluster:
            await self.cluster.discover()
        await self.shards.check()

    async def run(self) -> None:
        """Run all background tasks until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.shards.run(), name="redis: shards")
            tasks.create_task(self.room_retention.write(), name="redis: note")
            tasks.create_task(self.room_retention.run(), name="redis: tidy")
            tasks.create_task(self.redelivery.run(), name="redis: compare")
            if self.cluster:
                tasks.create_task(self.cluster.run(), name="redis: follow")

    def new_epoch(self) -> str:
        """Generate a new, unique epoch."""
        return f"{self._node_id}.{next(self._epoch_counter):x}"

    def publish(self, room: str, payload: bytes, key: str, answer: Answer) -> None:
        """Queue an entry to be stored and published, as promised by P2-P5.

        Raises:
            Unavailable: its shard is not available.
            UnicodeEncodeError: the room or the key can't be encoded as UTF-8.
        """
        keyspace, retention = self.keyspace, self.options.retention
        slot = self.shards.slot(room)
        shard = self.shards.of(slot)
        if not shard.client.reachable:
            shard.subscriber.require_up()
        keys = (keyspace.head(room), keyspace.stream(room), keyspace.key(room, key))
        bounds = (retention.entries, retention.size, int(retention.age * 1000))
        window = max(1, int(self.options.key_window * 1000))
        again = self.shards.rewrite_duplicates
        rest = (window, keyspace.channel(room), again, self.clock.milliseconds(), self.room_retention.reached)
        now = asyncio.get_running_loop().time()
        self.shards.publish(entry(answer, now, slot, *keys, payload, self.new_epoch(), *bounds, *rest))

    def join(self, room: str) -> ChannelSubscription:
        """Subscribe to a room.

        Raises:
            Unavailable: its shard is not available.
        """
        channel, slot = self.keyspace.channel(room), self.shards.slot(room)
        shard = self.shards.of(slot)
        shard.subscriber.require_up()
        known = self.shards.find(channel)
        return (known.home if known else shard.subscriptions).join(room, channel, slot)

    def stats(self) -> Mapping[str, float]:
        """Return the gauges for the metrics."""
        shards = list(self.shards)
        publishers = [shard.publisher for shard in shards]
        return {
            "connected": not self.shards.degraded,
            "writable": not any(shard.writes.refusal for shard in shards),
            "refused_publishes": sum(shard.writes.refused_publishes for shard in shards),
            "reconnects": self.shards.reconnects,
            # The loopback channels of the node are not rooms.
            "subscriptions": sum(len(shard.subscriptions) - 1 for shard in shards),
            "shards": len(shards),
            "pending_commands": sum(map(len, publishers)),
            "batches": sum(publisher.batches for publisher in publishers),
            "dropped_signals": sum(publisher.dropped_signals for publisher in publishers),
            "rooms": self.room_retention.rooms,
            "invalid_messages": sum(shard.subscriber.invalid_messages for shard in shards),
        }
