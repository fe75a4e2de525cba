"""Manage all shards: which one has a room, and whether all are up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

from redis.exceptions import MovedError, RedisError

from brokers.base import Listener
from brokers.errors import Unavailable
from brokers.redis.connection.url import RedisUrl, ServerAddress
from brokers.redis.keyspace import SLOTS, Keyspace, slot_of
from brokers.redis.listen.subscriptions import ChannelSubscription, ChannelSubscriptions
from brokers.redis.publish.publisher import Publisher, QueuedPublish
from brokers.redis.topology.shard import Shard
from brokers.redis.topology.slot_map import SlotMap

logger: Final = logging.getLogger(__name__)


class RedeliveryQueue(Protocol):
    """Takes rooms in which entries may have been missed."""

    def add(self, subscriptions: list[ChannelSubscription]) -> None:
        """Add rooms that were subscribed again without a call of `restored`."""


class Shards:
    """The shards of one node; a single one without a cluster.

    Entries may be missed while any shard is down: `lost` is called when the first goes down, `restored` when
    all are up again. The others work in the meantime. When a shard comes up, or takes over rooms, while
    another is still down, its rooms go to `redelivery`.

    Args:
        redis_url: the parsed URL.
        keyspace: names keys and channels.
        listener: receives entries and signals, `lost` and `restored`.
    """

    def __init__(self, redis_url: RedisUrl, keyspace: Keyspace, listener: Listener) -> None:
        self._redis_url = redis_url
        self._keyspace = keyspace
        self._listener = listener
        self.redelivery: RedeliveryQueue | None = None
        self._shards: dict[ServerAddress | None, Shard] = {}
        self._table: list[Shard | None] = []
        self._last: dict[int, Publisher] = {}
        self._tasks_by_shard: dict[Shard, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._stopping = False
        self._lost_reported = False
        self.cluster = redis_url.settings.cluster
        self.rewrite_duplicates = int(redis_url.settings.replicas > 0)
        self.refresh_requested = asyncio.Event()
        self.complete = asyncio.Event()
        self.reconnects = 0
        if not self.cluster:
            self._table = [self._add(None)]
            self._place_loopbacks()

    def __iter__(self) -> Iterator[Shard]:
        return iter(tuple(self._shards.values()))

    # Slots ------------------------------------------------------------------------------------------

    def slot(self, room: str) -> int:
        """Return the hash slot of a room."""
        return self._keyspace.slot(room) if self.cluster else 0

    def slot_of_key(self, key: str) -> int:
        """Return the hash slot of a key that belongs to no room."""
        return slot_of(key) if self.cluster else 0

    def of(self, slot: int) -> Shard:
        """Return the shard that has a slot.

        Raises:
            Unavailable: no shard has it.
        """
        shard = self._table[slot]
        if shard is None:
            raise Unavailable("no server of the Redis Cluster has the slot of this room: try again")
        return shard

    def at(self, address: ServerAddress) -> Shard:
        """Return the shard at an address; it may be a new one."""
        return self._shards.get(address) or self._add(address)

    def follow_redirect(self, error: MovedError) -> Shard:
        """Update the slot map from a redirect."""
        slot: int = error.slot_id
        before = self._table[slot]
        host = error.host or next((at.host for at, one in self._shards.items() if one is before and at), "")
        shard = self._table[slot] = self.at(ServerAddress(host, error.port))
        self._place_loopbacks()
        self.refresh_requested.set()
        return shard

    def publish(self, item: QueuedPublish) -> None:
        """Queue an item after all of its slot that are in flight, on whichever shard."""
        last = self._last.get(item.slot)
        if last is None or not last.has_pending(item.slot):
            last = self._last[item.slot] = self.of(item.slot).publisher
        last.enqueue(item)

    def publish_or_fail(self, item: QueuedPublish) -> None:
        """Queue an item; fail its future if no shard has its slot."""
        try:
            self.publish(item)
        except Unavailable as error:
            if item.answer is not None and not item.answer.done():
                item.answer.set_exception(error)

    def find(self, channel: bytes) -> ChannelSubscription | None:
        """Find the subscription of a channel."""
        found = (shard.subscriptions.find(channel) for shard in self._shards.values())
        return next((subscription for subscription in found if subscription), None)

    def apply(self, topology: SlotMap) -> None:
        """Apply a new slot map: rooms move with their slots."""
        table: list[Shard | None] = [None] * SLOTS
        for address, ranges in topology.owners.items():
            shard = self.at(address)
            for owned in ranges:
                table[owned.start : owned.stop] = [shard] * len(owned)
        self._table = table
        self._place_loopbacks()
        for shard in self:
            self._move_rooms(shard)
        for gone in set(self._shards) - set(topology.owners):
            self._remove(gone)
        self._settle()

    @property
    def degraded(self) -> bool:
        """Whether a shard is down, or a room is on the wrong shard."""
        return not self._all_up()

    # State (`SubscriberObserver`) -----------------------------------------------------------------------

    def down(self, reason: str) -> None:
        """Handle a shard that went down."""
        self.refresh_requested.set()
        if self.complete.is_set() and not self._lost_reported and not self._stopping:
            self._lost_reported = True
            self._notify(lambda: self._listener.lost(reason))

    def up(self, subscriptions: ChannelSubscriptions) -> None:
        """Handle a shard that came up."""
        maybe_missed = [subscription for subscription in subscriptions if subscription.maybe_missed]
        for subscription in maybe_missed:
            subscription.maybe_missed = False
        self.reconnects += self.complete.is_set()
        if not self._settle() and self.complete.is_set():
            self._check(maybe_missed)
        if self._all_up():
            self.complete.set()

    def resubscribed(self, subscription: ChannelSubscription) -> None:
        """Handle a room that is subscribed on another shard."""
        subscription.maybe_missed = False
        if not self._settle():
            self._check([subscription])

    def displaced(self) -> None:
        """Handle a room that is not on the expected shard."""
        self.refresh_requested.set()

    def _settle(self) -> bool:
        """Call `restored` if all shards are up again; return whether it was called."""
        due = self._lost_reported and self._all_up() and not self._stopping
        if due:
            self._lost_reported = False
            self._notify(self._listener.restored)
        return due

    def _check(self, subscriptions: list[ChannelSubscription]) -> None:
        if self.redelivery and subscriptions:
            self.redelivery.add(subscriptions)

    def _all_up(self) -> bool:
        return all(shard.subscriber.is_up and shard.subscriptions.settled for shard in self._shards.values())

    def _notify(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            logger.exception("listener_failed")

    # Lifecycle -----------------------------------------------------------------------------------------

    async def check(self) -> None:
        """Check that all shards are compatible.

        Raises:
            Unavailable: one can't be reached.
            Misconfigured: a server or the URL has to be changed.
        """
        for shard in self:
            await shard.check(partial(self._owns, shard))

    async def run(self) -> None:
        """Keep all connections up, until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            for shard in self:
                self._start(shard)
            await asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        """Stop all notifications; the caller cancels `run` and then calls `close`."""
        self._stopping = True
        for shard in self:
            shard.subscriber.stop()

    async def close(self) -> None:
        """Fail all queued items, and close all connections."""
        for shard in self:
            shard.publisher.fail("the broker was closed")
            with suppress(RedisError, OSError):
                await shard.client.close()

    def _add(self, address: ServerAddress | None) -> Shard:
        pool = self._redis_url.open(address)
        shard = self._shards[address] = Shard(
            pool, self._redis_url.settings, self._keyspace, self._listener, observer=self, moved=self._forward
        )
        self._start(shard)
        return shard

    def _start(self, shard: Shard) -> None:
        if self._tasks is not None:
            self._tasks_by_shard[shard] = self._tasks.create_task(self._run_shard(shard), name="redis: shard")

    async def _run_shard(self, shard: Shard) -> None:
        try:
            await shard.run()
        finally:
            self._tasks_by_shard.pop(shard, None)
            shard.publisher.fail("the shard was removed from the cluster")
            with suppress(RedisError, OSError):
                await shard.client.close()

    def _remove(self, address: ServerAddress | None) -> None:
        shard = self._shards.pop(address)
        self._last = {slot: one for slot, one in self._last.items() if one is not shard.publisher}
        shard.subscriber.stop()
        if life := self._tasks_by_shard.get(shard):
            life.cancel()
        for item in shard.publisher.take():
            self.publish_or_fail(item)

    def _forward(self, items: list[QueuedPublish], error: MovedError) -> None:
        """Publish items on the shard that their slot has moved to."""
        self._last[error.slot_id] = self.follow_redirect(error).publisher
        for item in items:
            self.publish_or_fail(item)

    def _owns(self, shard: Shard, slot: int) -> bool:
        return not self.cluster or self._table[slot] is shard

    def _place_loopbacks(self) -> None:
        for shard in set(self._table):
            if shard is not None:
                shard.place_loopback(partial(self._owns, shard))

    def _move_rooms(self, shard: Shard) -> None:
        displaced = set(shard.subscriptions.displaced)
        for subscription in shard.subscriptions:
            owner = self._table[subscription.slot]
            at_home = owner is shard and subscription not in displaced
            if owner and not at_home and subscription is not shard.subscriber.loopback:
                owner.subscriptions.adopt(subscription)
