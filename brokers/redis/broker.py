"""One node on Redis: the contract's methods, each a few lines on top of the parts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

from redis.exceptions import RedisError
from typing_extensions import override

from brokers.base import Broker, Listener, Options, Page, Position, Receipt, check_paging
from brokers.errors import BrokerError, Closed, Refused, Unavailable
from brokers.redis.address import DEFAULT, database, open_pool
from brokers.redis.link import Link
from brokers.redis.live import SIGNAL
from brokers.redis.names import Names
from brokers.redis.probes import Probes
from brokers.redis.publisher import Publisher
from brokers.redis.reader import Reader
from brokers.redis.rooms import Rooms
from brokers.redis.supervisor import Supervisor

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a started node is made of."""

    names: Names
    link: Link
    publisher: Publisher
    reader: Reader
    rooms: Rooms
    probes: Probes
    supervisor: Supervisor

    @classmethod
    def make(cls, options: Options, listener: Listener) -> Parts:
        """Put the parts together.

        Raises:
            Misconfigured: the address is none of Redis.
        """
        pool = open_pool(options.url or DEFAULT, options.timeout)
        names = Names(options.prefix, database(pool))
        link = Link(pool, options.timeout)
        publisher = Publisher(link, names, options)
        probes = Probes(publisher, names.probe(token_hex(8)), options.timeout)
        return cls(
            names=names,
            link=link,
            publisher=publisher,
            reader=Reader(link, names, options.retention),
            rooms=Rooms(link, names, publisher, options.retention.rooms),
            probes=probes,
            supervisor=Supervisor(link, listener, probes, silence=options.timeout),
        )

    async def run(self) -> None:
        """Do what goes on by itself, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.publisher.run(), name="redis: publish")
            tasks.create_task(self.supervisor.run(), name="redis: listen")
            tasks.create_task(self.rooms.run(), name="redis: tidy")


class RedisBroker(Broker):
    """A node whose backbone is Redis."""

    shared = True

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._parts: Parts | None = None
        self._running: asyncio.Task[None] | None = None
        self._closed = False

    @override
    async def start(self, listener: Listener) -> None:
        self._refuse_if_closed()
        parts = Parts.make(self.options, listener)
        try:
            async with asyncio.timeout(self.options.timeout):
                await parts.link.check()
                self._running = asyncio.get_running_loop().create_task(parts.run(), name="redis")
                self._running.add_done_callback(_ended)
                await parts.supervisor.up.wait()
            self._refuse_if_closed()
        except TimeoutError:
            await self._stop(parts)
            raise Unavailable(f"Redis was not ready within {self.options.timeout:.3g} s") from None
        except BaseException:
            await self._stop(parts)
            raise
        self._parts = parts

    @override
    async def close(self) -> None:
        self._closed = True
        parts, self._parts = self._parts, None
        if parts is not None:
            await self._stop(parts)

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        try:
            parts = self._started()
            if len(payload) > (most := self.options.retention.size):
                raise Refused(f"a payload of {len(payload)} bytes; a room keeps {most}")
            if not parts.link.reachable:
                parts.supervisor.require()
            parts.publisher.publish(room, payload, key, answer)
            parts.rooms.note(room)
        except BrokerError as error:
            answer.set_exception(error)
        except UnicodeEncodeError as error:
            answer.set_exception(Refused(f"a room or a key that has no UTF-8 form: {error}"))
        return answer

    @override
    async def subscribe(self, room: str) -> Position:
        parts = self._started()
        parts.supervisor.require()
        subscriptions = parts.supervisor.subscriptions
        subscription = subscriptions.join(room, parts.names.channel(room))
        try:
            async with asyncio.timeout(self.options.timeout):
                await asyncio.shield(subscription.confirmed)
                head = await parts.reader.open(room, parts.publisher.new_epoch())
        except TimeoutError:
            subscriptions.gave_up(subscription)
            raise Unavailable(f"Redis did not subscribe within {self.options.timeout:.3g} s") from None
        except BaseException:
            subscriptions.gave_up(subscription)
            raise
        subscriptions.held(subscription)
        parts.rooms.note(room)
        return head

    @override
    async def unsubscribe(self, room: str) -> None:
        parts = self._started()
        subscriptions = parts.supervisor.subscriptions
        if subscription := subscriptions.find(parts.names.channel(room)):
            subscriptions.leave(subscription)

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
        parts.publisher.say(parts.names.channel(room), SIGNAL + payload)

    @override
    async def probe(self) -> None:
        parts = self._started()
        parts.supervisor.require()
        await parts.probes.send()

    @override
    def stats(self) -> Mapping[str, float]:
        if self._parts is None:
            return {}
        publisher, supervisor = self._parts.publisher, self._parts.supervisor
        return {
            "connected": supervisor.up.is_set(),
            "reconnects": supervisor.reconnects,
            "subscriptions": len(supervisor.subscriptions) - 1,  # the node's own channel is no room
            "waiting": len(publisher),
            "pieces": publisher.pieces,
            "lost_signals": publisher.lost_signals,
            "unreadable": supervisor.unreadable,
        }

    def _started(self) -> Parts:
        if self._parts is None:
            raise Closed("the broker was closed" if self._closed else "the broker has not been started")
        return self._parts

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise Closed("a closed broker can't be started again")

    async def _stop(self, parts: Parts) -> None:
        running, self._running = self._running, None
        parts.supervisor.stop()
        if running is not None:
            running.cancel()
            await asyncio.wait([running])
        parts.publisher.fail("the broker was closed")
        try:
            await parts.link.close()
        except (RedisError, OSError) as error:
            logger.debug("the connections were gone already: %s", error)


def _ended(running: asyncio.Task[None]) -> None:
    if not running.cancelled() and (error := running.exception()):
        logger.critical("the broker's own tasks failed; the node has to be restarted", exc_info=error)
