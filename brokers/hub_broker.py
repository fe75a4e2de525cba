"""What the brokers have in common whose backbone is an object of this process, the hub."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

from typing_extensions import override

from brokers.base import Broker, BrokerOptions, Listener, Receipt
from brokers.calls import Audience, Calls
from brokers.errors import BrokerClosed, BrokerError


class LocalHub(Protocol):
    """A backbone in this process."""

    calls: Calls

    def unsubscribe(self, name: str, listener: Listener) -> None:
        """Remove a listener from a room that it is subscribed to."""

    def emit(self, name: str, payload: bytes) -> None:
        """Deliver a signal to the subscribers of a room."""

    def stats(self) -> Mapping[str, float]:
        """Count what is stored."""


HubT = TypeVar("HubT", bound=LocalHub)


class HubBroker(Broker, Generic[HubT]):
    """A node on a hub. Subclasses store and read entries; the node's state and its subscriptions are here."""

    def __init__(self, options: BrokerOptions, hub: HubT) -> None:
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
        # In Python 3.11 asking for the running loop costs a system call: too much for each message.
        self._loop = asyncio.get_running_loop()
        self._listener = listener

    @override
    async def close(self) -> None:
        listener, self._listener = self._listener, None
        self._closed = True
        if listener is not None:
            await self._leave(listener)

    async def _leave(self, listener: Listener) -> None:
        """Leave the hub after `close` was called; no method but `close` and `stats` works any more."""
        for room in self._subscribed:
            self._hub.unsubscribe(room, listener)
        self._subscribed.clear()

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        loop = self._loop or asyncio.get_running_loop()
        answer: asyncio.Future[Receipt] = loop.create_future()
        try:
            if self._listener is None:
                self._started()
            self._store(room, payload, key, answer)
        except BrokerError as error:
            answer.set_exception(error)
        return answer

    @abstractmethod
    def _store(self, room: str, payload: bytes, key: str, answer: asyncio.Future[Receipt]) -> None:
        """Store an entry once, deliver it, and answer now or later. May raise a `BrokerError` instead."""

    @override
    async def unsubscribe(self, room: str) -> None:
        listener = self._started()
        if room in self._subscribed:
            self._subscribed.remove(room)
            self._hub.unsubscribe(room, listener)

    @override
    def emit(self, room: str, payload: bytes) -> None:
        self._started()
        self._hub.emit(room, payload)

    @override
    async def probe(self) -> None:
        arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._hub.calls.make(Audience((self._started(),)), lambda _: arrived.set_result(None))
        await arrived

    @override
    def stats(self) -> Mapping[str, float]:
        return self._hub.stats()

    def _started(self) -> Listener:
        if self._listener is None:
            raise BrokerClosed("the broker was closed" if self._closed else "the broker has not been started")
        return self._listener
