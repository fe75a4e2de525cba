"""The backbones of our own brokers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from secrets import token_hex
from typing import Final

from typing_extensions import override

from brokers.base import Broker, Options
from brokers.memory import Hub, MemoryBroker
from brokers.nats import NatsBroker
from brokers.redis import RedisBroker
from tests.contract.backbone import Abilities, Backbone
from tests.contract.nats_proxy import NatsProxy
from tests.contract.nats_server import shared_server as shared_nats
from tests.contract.redis_proxy import Proxy
from tests.contract.redis_server import shared_server as shared_redis
from tests.faults.faulty import FaultyBroker


class MemoryBackbone(Backbone):
    """A hub whose clock goes only when it's told to."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._now = 0.0
        self._hub = Hub(options, clock=lambda: self._now)

    @classmethod
    @asynccontextmanager
    async def open(cls, options: Options) -> AsyncIterator[Backbone]:
        yield cls(options)

    @override
    def node(self) -> Broker:
        return MemoryBroker(self._options, self._hub)

    @override
    async def elapse(self, seconds: float) -> None:
        self._now += seconds


class FaultyBackbone(MemoryBackbone):
    """Proves that the faulty broker keeps the contract while nothing is wrong, and through its outages."""

    abilities = Abilities(interruption=True, lost_answers=True)

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._nodes: list[FaultyBroker] = []
        self._away = False

    @override
    def node(self) -> Broker:
        node = FaultyBroker(super().node())
        self._nodes.append(node)
        if self._away:
            node.cut()
        return node

    @override
    async def interrupt(self) -> None:
        self._away = True
        for node in self._nodes:
            node.cut()

    @override
    async def restore(self) -> None:
        self._away = False
        for node in self._nodes:
            node.mend()

    @override
    def lose_answer(self) -> None:
        for node in self._nodes:
            node.lose_answers(1)


class RedisBackbone(Backbone):
    """Names of its own on a real server, and a port of its own in front of it."""

    abilities = Abilities(interruption=True, lost_answers=True)

    def __init__(self, options: Options, proxy: Proxy) -> None:
        self._options = options
        self._proxy = proxy

    @classmethod
    @asynccontextmanager
    async def open(cls, options: Options) -> AsyncIterator[Backbone]:
        proxy = Proxy(shared_redis().socket)
        url = await proxy.open()
        try:
            yield cls(replace(options, url=url, prefix=f"test-{token_hex(6)}"), proxy)
        finally:
            await proxy.close()

    @override
    def node(self) -> Broker:
        return RedisBroker(self._options)

    @override
    async def elapse(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @override
    async def interrupt(self) -> None:
        await self._proxy.refuse()

    @override
    async def restore(self) -> None:
        await self._proxy.accept()

    @override
    def lose_answer(self) -> None:
        self._proxy.lose_answer()


# How much later than asked for a NATS may let go of what is too old.
_NATS_LATE: Final = 1.0


class NatsBackbone(Backbone):
    """Streams of its own on a real server, and a port of its own in front of it."""

    # A NATS counts a message's headers to its size.
    abilities = Abilities(
        interruption=True, lost_answers=True, bounded_size=False, largest_payload=1024 * 1024 - 4096
    )

    def __init__(self, options: Options, proxy: NatsProxy) -> None:
        self._options = options
        self._proxy = proxy

    @classmethod
    @asynccontextmanager
    async def open(cls, options: Options) -> AsyncIterator[Backbone]:
        proxy = NatsProxy(shared_nats().port)
        url = await proxy.open()
        try:
            yield cls(replace(options, url=url, prefix=f"test-{token_hex(6)}"), proxy)
        finally:
            await proxy.close()

    @override
    def node(self) -> Broker:
        return NatsBroker(self._options)

    @override
    async def elapse(self, seconds: float) -> None:
        await asyncio.sleep(seconds + _NATS_LATE)

    @override
    async def interrupt(self) -> None:
        await self._proxy.refuse()

    @override
    async def restore(self) -> None:
        await self._proxy.accept()

    @override
    def lose_answer(self) -> None:
        self._proxy.lose_answer()
