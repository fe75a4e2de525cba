"""Make backbones for the built-in brokers."""

from __future__ import annotations

import asyncio
import re
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from secrets import token_hex
from typing import Final

from typing_extensions import override

from brokers.base import Broker, BrokerOptions
from brokers.memory import Hub, MemoryBroker
from brokers.nats import NatsBroker
from brokers.redis import RedisBroker
from brokers.redis.scripts.library import PUBLISH
from brokers.testing.backbone import Abilities, Backbone
from tests.contract.nats_cluster import SIZE, ClusterProxy, shared_cluster
from tests.contract.nats_server import shared_nats
from tests.contract.proxy import Answer, Loss, Proxy
from tests.contract.redis_cluster import free_ports, shared_redis_cluster
from tests.contract.redis_server import shared_redis
from tests.contract.stored import count_keys, count_messages, require_replicas
from tests.faults.faulty import FaultyBroker

_REDIS_ASKS: Final = re.compile(b"EVALSHA.*" + PUBLISH.digest.encode(), re.DOTALL)
# Seconds by which NATS may expire entries late.
_NATS_LATE: Final = 1.0
_NATS_ASKS: Final = re.compile(rb"^HPUB \S+\.in\.", re.MULTILINE)
_NATS_ANSWERS: Final = re.compile(rb'MSG _INBOX\S+ \d+ +\d+\r\n\{"stream":[^\r]*\}\r\n')


class MemoryBackbone(Backbone):
    """A hub with a clock that is advanced by the test."""

    abilities = Abilities(counted=True)

    def __init__(self, options: BrokerOptions) -> None:
        self._options = options
        self._now = 0.0
        self._hub = Hub(options, clock=lambda: self._now)

    @classmethod
    @asynccontextmanager
    async def open(cls, options: BrokerOptions) -> AsyncIterator[Backbone]:
        yield cls(options)

    @override
    def node(self) -> Broker:
        return MemoryBroker(self._options, self._hub)

    @override
    async def elapse(self, seconds: float) -> None:
        self._now += seconds

    @override
    async def stored(self) -> int:
        stats = self._hub.stats()
        return round(stats["rooms"] + stats["entries"])


class FaultyBackbone(MemoryBackbone):
    """Tests that the fault-injecting broker keeps the contract, also through its outages."""

    abilities = Abilities(interruption=True, lost_answers=True, counted=True)

    def __init__(self, options: BrokerOptions) -> None:
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


class ServerBackbone(Backbone):
    """A prefix of its own on a real server, behind a proxy of its own."""

    def __init__(self, options: BrokerOptions, proxy: Proxy) -> None:
        self._options = options
        self._proxy = proxy

    @classmethod
    @asynccontextmanager
    async def open(cls, options: BrokerOptions) -> AsyncIterator[Backbone]:
        proxy, url = cls._lay()
        port = await proxy.open()
        options = replace(options, url=url.format(port=port), prefix=f"test-{token_hex(6)}")
        try:
            yield cls(options, proxy)
        finally:
            await proxy.close()

    @classmethod
    @abstractmethod
    def _lay(cls) -> tuple[Proxy, str]:
        """Make the proxy, and the template of its URL."""

    @override
    async def interrupt(self) -> None:
        await self._proxy.refuse()

    @override
    async def restore(self) -> None:
        await self._proxy.accept()

    @override
    def lose_answer(self) -> None:
        self._proxy.lose_answer()


class RedisBackbone(ServerBackbone):
    """A backbone on a real Redis."""

    abilities = Abilities(interruption=True, lost_answers=True, refused_writes=True, counted=True)

    @classmethod
    @override
    def _lay(cls) -> tuple[Proxy, str]:
        return Proxy(shared_redis().socket, Answer(asked=_REDIS_ASKS, cut=True)), "redis://127.0.0.1:{port}/0"

    @override
    def node(self) -> Broker:
        return RedisBroker(self._options)

    @override
    async def elapse(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @override
    async def stored(self) -> int:
        return await count_keys(self._options.prefix, shared_redis().url)

    @override
    async def refuse_writes(self) -> None:
        await require_replicas(1, shared_redis().url)

    @override
    async def accept_writes(self) -> None:
        await require_replicas(0, shared_redis().url)


class RedisClusterBackbone(Backbone):
    """A backbone on a real Redis Cluster, whose servers announce the ports of their proxies."""

    abilities = Abilities(interruption=True, lost_answers=True, refused_writes=True, counted=True)

    def __init__(self, options: BrokerOptions, front: Front) -> None:
        self._options = options
        self._front = front

    @classmethod
    @asynccontextmanager
    async def open(cls, options: BrokerOptions) -> AsyncIterator[Backbone]:
        front = await Front.shared()
        try:
            yield cls(replace(options, url=front.url, prefix=f"test-{token_hex(6)}"), front)
        finally:
            front.loss.cancel()
            await front.all(Proxy.accept)
            await require_replicas(0, *front.behind)

    @override
    def node(self) -> Broker:
        return RedisBroker(self._options)

    @override
    async def elapse(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @override
    async def interrupt(self) -> None:
        await self._front.all(Proxy.refuse)

    @override
    async def restore(self) -> None:
        await self._front.all(Proxy.accept)

    @override
    def lose_answer(self) -> None:
        self._front.loss.order()

    @override
    async def stored(self) -> int:
        return await count_keys(self._options.prefix, *self._front.behind)

    @override
    async def refuse_writes(self) -> None:
        await require_replicas(1, *self._front.behind)

    @override
    async def accept_writes(self) -> None:
        await require_replicas(0, *self._front.behind)


class Front:
    """The proxies of a cluster. They last for the session, because the servers announce them."""

    _shared: Front | None = None

    def __init__(self, url: str, behind: list[str], proxies: list[Proxy], loss: Loss) -> None:
        self.url = url
        self.behind = behind
        self.loss = loss
        self._proxies = proxies

    @classmethod
    async def shared(cls) -> Front:
        """Open the proxies and start the cluster when the first test needs it."""
        if cls._shared is None:
            loss = Loss(Answer(asked=_REDIS_ASKS, cut=True))
            behind = free_ports(3)
            proxies = [Proxy(port, loss) for port in behind]
            announced = [await proxy.open() for proxy in proxies]
            cluster = await asyncio.to_thread(shared_redis_cluster, tuple(behind), tuple(announced))
            servers = [f"redis://127.0.0.1:{port}" for port in behind]
            cls._shared = cls(cluster.url, servers, proxies, loss)
        return cls._shared

    async def all(self, what: Callable[[Proxy], Coroutine[object, object, None]]) -> None:
        """Call a method of every proxy."""
        await asyncio.gather(*map(what, self._proxies))


class NatsBackbone(ServerBackbone):
    """A backbone on a real NATS."""

    # NATS counts the headers of a message, too.
    abilities = Abilities(
        interruption=True,
        lost_answers=True,
        bounded_size=False,
        bounded_rooms=False,
        counted=True,
        largest_payload=1024 * 1024 - 4096,
    )

    @classmethod
    @override
    def _lay(cls) -> tuple[Proxy, str]:
        return Proxy(
            shared_nats().port, Answer(asked=_NATS_ASKS, given=_NATS_ANSWERS)
        ), "nats://127.0.0.1:{port}"

    @override
    def node(self) -> Broker:
        return NatsBroker(self._options)

    @override
    async def elapse(self, seconds: float) -> None:
        await asyncio.sleep(seconds + _NATS_LATE)

    @override
    async def stored(self) -> int:
        return await count_messages(self._options.url.partition("?")[0], self._options.prefix)


class NatsClusterBackbone(NatsBackbone):
    """A backbone on a cluster of three NATS servers with three replicas; connections take turns."""

    @classmethod
    @override
    def _lay(cls) -> tuple[Proxy, str]:
        answer = Answer(asked=_NATS_ASKS, given=_NATS_ANSWERS)
        return ClusterProxy(shared_cluster(), answer), f"nats://127.0.0.1:{{port}}?replicas={SIZE}"
