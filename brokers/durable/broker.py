"""A node on a durable hub."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from typing_extensions import override

from brokers.base import Broker, BrokerOptions, Listener, Page, Position, Receipt, check_paging
from brokers.durable.calls import Audience
from brokers.durable.hub import DurableHub
from brokers.errors import BrokerClosed, BrokerError


class DurableBroker(Broker):
    """One node's end of a durable hub.

    `BROKER=memory` with an archive makes one. It is not found by name, since it needs a hub with a journal.
    """

    def __init__(self, options: BrokerOptions, hub: DurableHub) -> None:
        super().__init__(options)
        self._hub = hub
        self._listener: Listener | None = None
        self._subscribed: set[str] = set()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @override
    async def start(self, listener: Listener) -> None:
        if self._closed:
            raise BrokerClosed("a closed broker can't be started again")
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._hub.join()

    @override
    async def close(self) -> None:
        started, self._closed = self._listener, True
        if started is None:
            return
        self._listener = None
        await self._hub.finish()
        for room in self._subscribed:
            self._hub.unsubscribe(room, started)
        self._subscribed.clear()
        await self._hub.leave()

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        loop = self._loop or asyncio.get_running_loop()
        answer: asyncio.Future[Receipt] = loop.create_future()
        try:
            self._started()
            self._hub.publish(room, payload, key, answer)
        except BrokerError as error:
            answer.set_exception(error)
        return answer

    @override
    async def subscribe(self, room: str) -> Position:
        self._started()
        loaded = await self._hub.load(room)
        listener = self._started()
        if room not in self._subscribed:
            self._subscribed.add(room)
            self._hub.subscribe(loaded, listener)
        return loaded.head

    @override
    async def unsubscribe(self, room: str) -> None:
        listener = self._started()
        if room in self._subscribed:
            self._subscribed.remove(room)
            self._hub.unsubscribe(room, listener)

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        self._started()
        check_paging(after=after, before=before, limit=limit)
        return await self._hub.history(room, after=after, before=before, limit=limit)

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        self._started()
        return await self._hub.heads(rooms)

    @override
    def emit(self, room: str, payload: bytes) -> None:
        self._started()
        self._hub.emit(room, payload)

    @override
    async def probe(self) -> None:
        arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._hub.calls.make(Audience((self._started(),)), lambda _: arrived.set_result(None))
        await arrived
        await self._hub.probe()

    @override
    def stats(self) -> Mapping[str, float]:
        return self._hub.stats()

    def _started(self) -> Listener:
        if self._listener is None:
            raise BrokerClosed("the broker was closed" if self._closed else "the broker has not been started")
        return self._listener
