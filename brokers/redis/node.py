"""What a started node is made of, and how it is put together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from secrets import token_hex

from brokers.base import Listener, Options
from brokers.redis.connection.url import DEFAULT, parse_url
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
    """The parts, and what takes several of them."""

    options: Options
    names: Keyspace
    shards: Shards
    cluster: ClusterDiscovery | None
    reader: RedisReader
    rooms: RoomRetention
    redelivery: Redelivery
    _node: str = field(default_factory=lambda: token_hex(4))
    _epoch_counter: count[int] = field(default_factory=lambda: count(1))

    @classmethod
    def make(cls, options: Options, listener: Listener) -> RedisNode:
        """Put the parts together.

        Raises:
            Misconfigured: the address is none of Redis.
        """
        entrance = parse_url(options.url or DEFAULT, options.timeout)
        names = Keyspace(options.prefix, entrance.database)
        shards = Shards(entrance, names, listener)
        asking = ShardRequests(shards, options.timeout)
        reader = RedisReader(shards, asking, names, options.retention)
        shards.redelivery = redelivery = Redelivery(reader, listener)
        return cls(
            options=options,
            names=names,
            shards=shards,
            cluster=ClusterDiscovery(entrance, shards) if entrance.settings.cluster else None,
            reader=reader,
            rooms=RoomRetention(shards, asking, names, options.retention.rooms),
            redelivery=redelivery,
        )

    async def enter(self) -> None:
        """Find the servers, and find out whether they can serve us.

        Raises:
            Unavailable: one can't be reached.
            Misconfigured: something has to be changed in one of them, or in the address.
        """
        if self.cluster:
            await self.cluster.enter()
        await self.shards.check()

    async def run(self) -> None:
        """Do what goes on by itself, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.shards.run(), name="redis: shards")
            tasks.create_task(self.rooms.write(), name="redis: note")
            tasks.create_task(self.rooms.run(), name="redis: tidy")
            tasks.create_task(self.redelivery.run(), name="redis: compare")
            if self.cluster:
                tasks.create_task(self.cluster.run(), name="redis: follow")

    def new_epoch(self) -> str:
        """Make a name that no epoch ever had."""
        return f"{self._node}.{next(self._epoch_counter):x}"

    def publish(self, room: str, payload: bytes, key: str, answer: Answer) -> None:
        """Have an entry stored and published, as the promises P2-P5 say.

        Raises:
            Unavailable: it can't be just now.
            UnicodeEncodeError: the room or the key has no UTF-8 form.
        """
        names, retention = self.names, self.options.retention
        slot = self.shards.slot(room)
        shard = self.shards.of(slot)
        if not shard.link.reachable:
            shard.supervisor.require_up()
        keys = (names.head(room), names.stream(room), names.key(room, key))
        bounds = (retention.entries, retention.size, int(retention.age * 1000))
        window = max(1, int(self.options.key_window * 1000))
        rest = (window, names.channel(room), self.shards.again)
        now = asyncio.get_running_loop().time()
        self.shards.publish(entry(answer, now, slot, *keys, payload, self.new_epoch(), *bounds, *rest))

    def join(self, room: str) -> ChannelSubscription:
        """Begin to hear a room.

        Raises:
            Unavailable: the shard that has it is away.
        """
        channel, slot = self.names.channel(room), self.shards.slot(room)
        shard = self.shards.of(slot)
        shard.supervisor.require_up()
        known = self.shards.find(channel)
        return (known.home if known else shard.subscriptions).join(room, channel, slot)

    def stats(self) -> Mapping[str, float]:
        """Tell what the metrics show."""
        shards = list(self.shards)
        publishers = [shard.publisher for shard in shards]
        return {
            "connected": not self.shards.degraded,
            "reconnects": self.shards.reconnects,
            # each node's own channels are no rooms
            "subscriptions": sum(len(shard.subscriptions) - 1 for shard in shards),
            "shards": len(shards),
            "waiting": sum(map(len, publishers)),
            "pieces": sum(publisher.batches for publisher in publishers),
            "lost_signals": sum(publisher.dropped_signals for publisher in publishers),
            "unreadable": sum(shard.supervisor.invalid_messages for shard in shards),
        }
