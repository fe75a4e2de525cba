"""Implement the broker contract on Redis: each method is a few lines on top of `RedisNode`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from typing_extensions import override

from brokers.base import Broker, BrokerOptions, Listener, Page, Position, Receipt, check_paging
from brokers.errors import BrokerClosed, BrokerError, BrokerRefused, Unavailable
from brokers.redis.listen.messages import SIGNAL
from brokers.redis.node import RedisNode
from brokers.redis.publish.publisher import signal

logger: Final = logging.getLogger(__name__)


class RedisBroker(Broker):
    """Joins nodes through Redis."""

    shared = True
    begins_rooms = True

    def __init__(self, options: BrokerOptions) -> None:
        super().__init__(options)
        self._node: RedisNode | None = None
        self._running: asyncio.Task[None] | None = None
        self._closed = False

    @override
    async def start(self, listener: Listener) -> None:
        self._refuse_if_closed()
        node = RedisNode.make(self.options, listener)
        try:
            async with asyncio.timeout(self.options.timeout):
                await node.discover()
                self._running = asyncio.get_running_loop().create_task(node.run(), name="redis")
                self._running.add_done_callback(_ended)
                await node.shards.complete.wait()
            self._refuse_if_closed()
        except TimeoutError:
            await self._stop(node)
            raise Unavailable(f"Redis was not ready within {self.options.timeout:.3g} s") from None
        except BaseException:
            await self._stop(node)
            raise
        self._node = node

    @override
    async def close(self) -> None:
        self._closed = True
        node, self._node = self._node, None
        if node is not None:
            await self._stop(node)

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        try:
            node = self._started()
            if len(payload) > (most := self.options.retention.size):
                raise BrokerRefused(
                    f"Payload too large: {len(payload)} bytes. A room keeps at most {most} bytes"
                )
            node.publish(room, payload, key, answer)
            node.room_retention.follow(room, answer)
        except BrokerError as error:
            answer.set_exception(error)
        except UnicodeEncodeError as error:
            answer.set_exception(BrokerRefused(f"Room name or key can't be encoded as UTF-8: {error}"))
        return answer

    @override
    async def subscribe(self, room: str) -> Position:
        node = self._started()
        subscription = node.join(room)
        try:
            async with asyncio.timeout(self.options.timeout):
                await asyncio.shield(subscription.confirmed)
                head = (await node.reader.heads([room]))[room]
        except TimeoutError:
            subscription.home.abandoned(subscription)
            raise Unavailable(
                f"Redis did not confirm the subscription within {self.options.timeout:.3g} s"
            ) from None
        except BaseException:
            subscription.home.abandoned(subscription)
            raise
        subscription.home.established(subscription, head)
        return head

    @override
    async def unsubscribe(self, room: str) -> None:
        node = self._started()
        if subscription := node.shards.find(node.keyspace.channel(room)):
            subscription.home.leave(subscription)

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        reader = self._started().reader
        check_paging(after=after, before=before, limit=limit)
        if after is not None:
            return await reader.forward(room, after, limit)
        return await reader.backward(room, before, limit)

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        return await self._started().reader.heads(rooms)

    @override
    async def erase(self, room: str, offsets: Sequence[int], payload: bytes) -> None:
        await self._started().reader.erase(room, offsets, payload)

    @override
    async def begin(self, room: str, position: Position) -> Position:
        return await self._started().reader.begin(room, position)

    @override
    def emit(self, room: str, payload: bytes) -> None:
        node = self._started()
        now = asyncio.get_running_loop().time()
        item = signal(now, node.shards.slot(room), node.keyspace.channel(room), SIGNAL + payload)
        node.shards.publish_or_fail(item)

    @override
    async def probe(self) -> None:
        shards = list(self._started().shards)
        for shard in shards:
            shard.subscriber.require_up()
        try:
            async with asyncio.TaskGroup() as tasks:
                for shard in shards:
                    tasks.create_task(shard.writes.require(), name="redis: probe")
                    tasks.create_task(shard.probes.send(), name="redis: probe")
        except BaseExceptionGroup as group:
            # The first one: if it is PUBLISH that is refused, the loopback only times out.
            raise group.exceptions[0] from None

    @override
    async def confirm(self, room: str) -> None:
        shards = self._started().shards
        await shards.of(shards.slot(room)).confirm()

    @override
    def stats(self) -> Mapping[str, float]:
        return {} if self._node is None else self._node.stats()

    def _started(self) -> RedisNode:
        if self._node is None:
            raise BrokerClosed("the broker was closed" if self._closed else "the broker has not been started")
        return self._node

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise BrokerClosed("a closed broker can't be started again")

    async def _stop(self, node: RedisNode) -> None:
        running, self._running = self._running, None
        node.shards.stop()
        if running is not None:
            running.cancel()
            await asyncio.wait([running])
        await node.shards.close()


def _ended(running: asyncio.Task[None]) -> None:
    if not running.cancelled() and (error := running.exception()):
        logger.critical("redis_tasks_failed", exc_info=error)
