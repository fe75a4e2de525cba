"""Connect to one shard: a primary, and all connections to it. Without a cluster Redis is one shard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from itertools import count
from secrets import token_hex
from typing import Final, TypeAlias, cast

from redis.exceptions import MovedError

from brokers.base import Listener
from brokers.errors import Unavailable
from brokers.redis.connection.client import RedisClient, expect, pack
from brokers.redis.connection.compatibility import ServerFacts, check, check_permissions, recommendations
from brokers.redis.connection.url import Pool, RedisSettings
from brokers.redis.keyspace import Keyspace, ScratchKeys, slot_of
from brokers.redis.listen.loopback import LoopbackProbes
from brokers.redis.listen.subscriber import SubscriberConnection, SubscriberObserver
from brokers.redis.publish.connection import PublishConnection
from brokers.redis.publish.publisher import Publisher, QueuedPublish, signal
from brokers.redis.publish.write_check import WriteCheck

logger: Final = logging.getLogger(__name__)

OwnsSlot: TypeAlias = Callable[[int], bool]


class Shard:
    """The connections of a node to one primary.

    Args:
        pool: makes connections.
        settings: settings from the URL.
        keyspace: names keys and channels.
        listener: receives entries and signals.
        observer: is notified of the connections' state.
        moved: takes items whose slot has moved to another shard, with the redirect.
    """

    def __init__(
        self,
        pool: Pool,
        settings: RedisSettings,
        keyspace: Keyspace,
        listener: Listener,
        *,
        observer: SubscriberObserver,
        moved: Callable[[list[QueuedPublish], MovedError], None],
    ) -> None:
        self._settings = settings
        self._keyspace = keyspace
        self._node = token_hex(8)
        self._loop = asyncio.get_running_loop()
        self._scratch = ""
        self.sharded = False
        self.client = RedisClient(pool, settings.timeout, idle=settings.idle)
        connection = PublishConnection(self.client, cluster=settings.cluster)
        self.writes = WriteCheck(self.client, self._scratch_keys)
        self.publisher = Publisher(connection, settings.timeout, settings.replicas, self.writes, moved)
        self.probes = LoopbackProbes(self._publish_loopback, settings.timeout)
        self.subscriber = SubscriberConnection(
            self.client,
            listener,
            observer,
            probes=self.probes,
            prepare=self._prepare,
            silence=settings.timeout,
        )
        self.subscriptions = self.subscriber.subscriptions

    def place_loopback(self, owns: OwnsSlot) -> None:
        """Choose a loopback channel and scratch keys on this shard, unless the current ones are."""
        if not (self._scratch and owns(slot_of(self._scratch))):
            self._scratch = next(name for name in map(self._keyspace.scratch, count()) if owns(slot_of(name)))
        loopback = self.subscriber.loopback
        if loopback is None or not owns(loopback.slot):
            channels = (self._keyspace.probe(self._node, number) for number in count())
            channel = next(channel for channel in channels if owns(slot_of(channel)))
            self.subscriber.subscribe_loopback(channel, slot_of(channel))

    async def check(self, owns: OwnsSlot) -> None:
        """Check that the server is compatible and grants all permissions; log recommendations.

        Raises:
            Unavailable: it can't be reached.
            Misconfigured: the server or the URL has to be changed.
        """
        facts = await check(self.client, cluster=self._settings.cluster)
        channels = (self._keyspace.probe(self._node, number) for number in count())
        channel = next(channel for channel in channels if owns(slot_of(channel)))
        self.sharded = self._sharded(facts)
        await check_permissions(self.client, self._scratch_keys(), channel)
        for better in recommendations(facts, self._settings.replicas):
            logger.warning("redis_advice", extra={"advice": better})

    async def confirm(self) -> None:
        """Write something, and wait for as many replicas as a publish does.

        Raises:
            Unavailable: it was not written, or there are too few replicas.
        """
        required = self._settings.replicas
        # The server stops waiting before this node does.
        wait = pack("WAIT", required, max(1, int(self._settings.timeout * 500)))
        written = pack("SET", self._scratch_keys().keys[2], "", "PX", 1000)
        reply, *copied = await self.client.run(written, *([wait] if required else []))
        expect(reply)
        if copied and cast(int, expect(copied[0])) < required:
            raise Unavailable(f"{copied[0]} of {required} required replicas of Redis have a write")

    async def run(self) -> None:
        """Run all background tasks until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.publisher.run(), name="redis: publish")
            tasks.create_task(self.subscriber.run(), name="redis: listen")
            tasks.create_task(self.writes.run(), name="redis: check writes")

    def stop(self) -> None:
        """Stop all notifications; the caller cancels `run` and then calls `close`."""
        self.subscriber.stop()

    async def _prepare(self) -> bool:
        self.sharded = self._sharded(await check(self.client, cluster=self._settings.cluster))
        return self.sharded

    def _sharded(self, facts: ServerFacts) -> bool:
        return self._settings.cluster and facts.can_shard

    def _scratch_keys(self) -> ScratchKeys:
        return ScratchKeys.make(self._scratch, sharded=self.sharded)

    def _publish_loopback(self, token: bytes) -> None:
        if loopback := self.subscriber.loopback:
            self.publisher.enqueue(signal(self._loop.time(), loopback.slot, loopback.channel, token))
