"""All shards of a backbone: who has a room, and whether all of them are well."""

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
    """Who looks after rooms of which something may have been missed."""

    def add(self, subscriptions: list[ChannelSubscription]) -> None:
        """Take rooms that are heard again while no `restored` is due."""


class Shards:
    """The shards of one node; one that has all rooms, where Redis is no cluster.

    Entries may be missed while any shard is away, so `lost` is told when the first one goes, and `restored`
    when all are back. The others go on meanwhile. One that comes back or takes over rooms while another is
    still away has those rooms checked by whoever is `missed`.

    Args:
        entrance: the way in.
        names: what rooms are called.
        listener: who is told what comes in, and `lost` and `restored`.
    """

    def __init__(self, entrance: RedisUrl, names: Keyspace, listener: Listener) -> None:
        self._entrance = entrance
        self._names = names
        self._listener = listener
        self.redelivery: RedeliveryQueue | None = None
        self._shards: dict[ServerAddress | None, Shard] = {}
        self._table: list[Shard | None] = []
        self._last: dict[int, Publisher] = {}
        self._tasks_by_shard: dict[Shard, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._stopping = False
        self._lost_reported = False
        self.cluster = entrance.settings.cluster
        self.again = int(entrance.settings.replicas > 0)
        self.refresh_requested = asyncio.Event()
        self.complete = asyncio.Event()
        self.reconnects = 0
        if not self.cluster:
            self._table = [self._add(None)]
            self._place_loopbacks()

    def __iter__(self) -> Iterator[Shard]:
        return iter(tuple(self._shards.values()))

    # Who has a room ---------------------------------------------------------------------------------

    def slot(self, room: str) -> int:
        """Tell where a room belongs."""
        return self._names.slot(room) if self.cluster else 0

    def slot_of_key(self, key: str) -> int:
        """Tell where a key that is no room's belongs."""
        return slot_of(key) if self.cluster else 0

    def of(self, slot: int) -> Shard:
        """Tell who has a slot.

        Raises:
            Unavailable: nobody has.
        """
        shard = self._table[slot]
        if shard is None:
            raise Unavailable("no server of the cluster has this room's slot just now; try again")
        return shard

    def at(self, address: ServerAddress) -> Shard:
        """Give the shard at an address, which may be a new one."""
        return self._shards.get(address) or self._add(address)

    def follow_redirect(self, error: MovedError) -> Shard:
        """Learn from an answer who has a slot now."""
        slot: int = error.slot_id
        before = self._table[slot]
        host = error.host or next((at.host for at, one in self._shards.items() if one is before and at), "")
        shard = self._table[slot] = self.at(ServerAddress(host, error.port))
        self._place_loopbacks()
        self.refresh_requested.set()
        return shard

    def publish(self, item: QueuedPublish) -> None:
        """Have an item published behind all of its slot that are under way, wherever those are."""
        last = self._last.get(item.slot)
        if last is None or not last.has_pending(item.slot):
            last = self._last[item.slot] = self.of(item.slot).publisher
        last.enqueue(item)

    def publish_or_fail(self, item: QueuedPublish) -> None:
        """Do as `publish` does, and tell whoever waits for it if nobody has its slot."""
        try:
            self.publish(item)
        except Unavailable as error:
            if item.answer is not None and not item.answer.done():
                item.answer.set_exception(error)

    def find(self, channel: bytes) -> ChannelSubscription | None:
        """Find what is to be heard on a channel."""
        found = (shard.subscriptions.find(channel) for shard in self._shards.values())
        return next((subscription for subscription in found if subscription), None)

    def apply(self, topology: SlotMap) -> None:
        """Go by what the cluster says of itself: rooms go where their slots are."""
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
        """Whether something is away, or in the wrong place."""
        return not self._all_up()

    # How they are (`Overseer`) ------------------------------------------------------------------------

    def down(self, reason: str) -> None:
        """Learn that a shard is away."""
        self.refresh_requested.set()
        if self.complete.is_set() and not self._lost_reported and not self._stopping:
            self._lost_reported = True
            self._notify(lambda: self._listener.lost(reason))

    def up(self, subscriptions: ChannelSubscriptions) -> None:
        """Learn that a shard is there."""
        maybe_missed = [subscription for subscription in subscriptions if subscription.maybe_missed]
        for subscription in maybe_missed:
            subscription.maybe_missed = False
        self.reconnects += self.complete.is_set()
        if not self._settle() and self.complete.is_set():
            self._check(maybe_missed)
        if self._all_up():
            self.complete.set()

    def resubscribed(self, subscription: ChannelSubscription) -> None:
        """Learn that a room is heard at another shard."""
        subscription.maybe_missed = False
        if not self._settle():
            self._check([subscription])

    def displaced(self) -> None:
        """Learn that a room is not where it was thought to be."""
        self.refresh_requested.set()

    def _settle(self) -> bool:
        """Tell `restored` if it's due."""
        due = self._lost_reported and self._all_up() and not self._stopping
        if due:
            self._lost_reported = False
            self._notify(self._listener.restored)
        return due

    def _check(self, subscriptions: list[ChannelSubscription]) -> None:
        if self.redelivery and subscriptions:
            self.redelivery.add(subscriptions)

    def _all_up(self) -> bool:
        return all(shard.supervisor.is_up and shard.subscriptions.settled for shard in self._shards.values())

    def _notify(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            logger.exception("a listener raised")

    # Their lives ----------------------------------------------------------------------------------------

    async def check(self) -> None:
        """Find out whether all can serve us.

        Raises:
            Unavailable: one can't be reached.
            Misconfigured: something has to be changed in one of them, or in the address.
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
        """Tell nobody anything any more; whoever calls this cancels `run`, too, and then calls `close`."""
        self._stopping = True
        for shard in self:
            shard.supervisor.stop()

    async def close(self) -> None:
        """Give up what waits, and close all connections."""
        for shard in self:
            shard.publisher.fail("the broker was closed")
            with suppress(RedisError, OSError):
                await shard.link.close()

    def _add(self, address: ServerAddress | None) -> Shard:
        pool = self._entrance.open(address)
        shard = self._shards[address] = Shard(
            pool, self._entrance.settings, self._names, self._listener, observer=self, moved=self._forward
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
            shard.publisher.fail("the connection was given up")
            with suppress(RedisError, OSError):
                await shard.link.close()

    def _remove(self, address: ServerAddress | None) -> None:
        shard = self._shards.pop(address)
        self._last = {slot: one for slot, one in self._last.items() if one is not shard.publisher}
        shard.supervisor.stop()
        if life := self._tasks_by_shard.get(shard):
            life.cancel()
        for item in shard.publisher.take():
            self.publish_or_fail(item)

    def _forward(self, items: list[QueuedPublish], error: MovedError) -> None:
        """Publish elsewhere what came too late for where it was sent."""
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
            if owner and not at_home and subscription is not shard.supervisor.loopback:
                owner.subscriptions.adopt(subscription)
