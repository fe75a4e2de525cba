"""One node on Redis: the contract's methods, each a few lines on top of the parts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Final

from typing_extensions import override

from brokers.base import Broker, Listener, Options, Page, Position, Receipt, check_paging
from brokers.errors import BrokerClosed, BrokerError, BrokerRefused, Unavailable
from brokers.redis.listen.messages import SIGNAL
from brokers.redis.node import RedisNode
from brokers.redis.publish.publisher import signal

logger: Final = logging.getLogger(__name__)


class RedisBroker(Broker):
    """A node whose backbone is Redis."""

    shared = True

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._node_parts: RedisNode | None = None
        self._running: asyncio.Task[None] | None = None
        self._closed = False

    @override
    async def start(self, listener: Listener) -> None:
        self._refuse_if_closed()
        parts = RedisNode.make(self.options, listener)
        try:
            async with asyncio.timeout(self.options.timeout):
                await parts.enter()
                self._running = asyncio.get_running_loop().create_task(parts.run(), name="redis")
                self._running.add_done_callback(_ended)
                await parts.shards.complete.wait()
            self._refuse_if_closed()
        except TimeoutError:
            await self._stop(parts)
            raise Unavailable(f"Redis was not ready within {self.options.timeout:.3g} s") from None
        except BaseException:
            await self._stop(parts)
            raise
        self._node_parts = parts

    @override
    async def close(self) -> None:
        self._closed = True
        parts, self._node_parts = self._node_parts, None
        if parts is not None:
            await self._stop(parts)

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        try:
            parts = self._started()
            if len(payload) > (most := self.options.retention.size):
                raise BrokerRefused(f"a payload of {len(payload)} bytes; a room keeps {most}")
            parts.publish(room, payload, key, answer)
            parts.rooms.mark_active(room)
        except BrokerError as error:
            answer.set_exception(error)
        except UnicodeEncodeError as error:
            answer.set_exception(BrokerRefused(f"a room or a key that has no UTF-8 form: {error}"))
        return answer

    @override
    async def subscribe(self, room: str) -> Position:
        parts = self._started()
        subscription = parts.join(room)
        try:
            async with asyncio.timeout(self.options.timeout):
                await asyncio.shield(subscription.confirmed)
                head = await parts.reader.open(room, parts.new_epoch())
        except TimeoutError:
            subscription.home.abandoned(subscription)
            raise Unavailable(f"Redis did not subscribe within {self.options.timeout:.3g} s") from None
        except BaseException:
            subscription.home.abandoned(subscription)
            raise
        subscription.home.established(subscription, head)
        parts.rooms.mark_active(room)
        return head

    @override
    async def unsubscribe(self, room: str) -> None:
        parts = self._started()
        if subscription := parts.shards.find(parts.names.channel(room)):
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
    def emit(self, room: str, payload: bytes) -> None:
        parts = self._started()
        now = asyncio.get_running_loop().time()
        item = signal(now, parts.shards.slot(room), parts.names.channel(room), SIGNAL + payload)
        parts.shards.publish_or_fail(item)

    @override
    async def probe(self) -> None:
        shards = list(self._started().shards)
        for shard in shards:
            shard.supervisor.require_up()
        answers = await asyncio.gather(*(shard.probes.send() for shard in shards), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer

    @override
    def stats(self) -> Mapping[str, float]:
        return {} if self._node_parts is None else self._node_parts.stats()

    def _started(self) -> RedisNode:
        if self._node_parts is None:
            raise BrokerClosed("the broker was closed" if self._closed else "the broker has not been started")
        return self._node_parts

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise BrokerClosed("a closed broker can't be started again")

    async def _stop(self, parts: RedisNode) -> None:
        running, self._running = self._running, None
        parts.shards.stop()
        if running is not None:
            running.cancel()
            await asyncio.wait([running])
        await parts.shards.close()


def _ended(running: asyncio.Task[None]) -> None:
    if not running.cancelled() and (error := running.exception()):
        logger.critical("the broker's own tasks failed; the node has to be restarted", exc_info=error)
