"""A server in the test's own process, and the proof that nothing is left of a test's clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any, Final, cast

from blockbuster import BlockBuster, blockbuster_ctx

from brokers.base import Broker
from brokers.memory import Hub, MemoryBroker
from service.node import Node
from service.server import running
from service.settings import Settings, load
from service.settings.tuning import DEFAULTS, Tuning
from tests.service.peer import PATIENCE, Event, Peer

# As quick as the settings allow, so that no test has to wait.
QUICK: Final = {
    "HUBBUB_PORT": "0",
    "HUBBUB_LINGER_SECONDS": "0",
    "HUBBUB_CLOSE_SECONDS": "0.5",
    "HUBBUB_SENDS_PER_SECOND": "1000000",
    "HUBBUB_SENDS_BURST": "1000000",
    "HUBBUB_ADMISSIONS_PER_SECOND": "1000000",
    "HUBBUB_ADMISSIONS_BURST": "1000000",
}
# What must be zero when all clients are gone.
_HELD: Final = ("connections", "rooms", "members", "slow_consumers", "log_bytes", "tasks")


class Served:
    """A node that serves, the hub of its broker, and its clients."""

    def __init__(self, node: Node, hub: Hub, port: int) -> None:
        self.node = node
        self.hub = hub
        self.port = port
        self._peers: list[Peer] = []
        self._keys = 0

    async def peer(self, *, receive_buffer: int | None = None) -> Peer:
        """Open a TCP connection that the end of the test closes."""
        peer = await Peer.connect(self.port, receive_buffer=receive_buffer)
        self._peers.append(peer)
        return peer

    async def upgraded(self, path: str = "/ws", *, protocol: str | None = "hubbub.v1") -> Peer:
        """Open a websocket."""
        peer = await self.peer()
        await peer.upgrade(path, protocol=protocol)
        return peer

    async def plain(self, query: str = "") -> Peer:
        """Open a websocket of the plain codec."""
        return await self.upgraded(f"/ws{query}", protocol=None)

    async def welcomed(self, name: str | None = None, *, receive_buffer: int | None = None) -> Peer:
        """Open a websocket that said hello."""
        peer = await self.peer(receive_buffer=receive_buffer)
        await peer.upgrade()
        answer = await peer.ask("hello", **({} if name is None else {"name": name}))
        assert answer["type"] == "welcome", answer
        return peer

    async def joined(self, name: str, room: str = "lobby", **fields: object) -> tuple[Peer, Event]:
        """Open a websocket that joined a room; return the answer to `join` too."""
        peer = await self.welcomed(name)
        answer = await peer.ask("join", room=room, **fields)
        assert answer["type"] == "joined", answer
        return peer, answer

    def publish(self, room: str, payload: bytes) -> int:
        """Store an entry as another node would; return its offset."""
        self._keys += 1
        return self.hub.publish(room, payload, f"test-{self._keys}").offset

    async def nothing_left(self) -> None:
        """Close all clients, and wait until the node holds nothing of them."""
        for peer in self._peers:
            peer.vanish()
        await until(lambda: not self.held(), self.held)
        assert self.node.metrics.task_failures == 0

    def held(self) -> dict[str, float]:
        """Tell what the node holds for its clients, but for what is zero."""
        sample = self.node.metrics.sample()
        counts = {name: sample[name] for name in _HELD} | {"guests": len(self.node.guests)}
        return {name: count for name, count in counts.items() if count}


async def until(holds: Callable[[], object], shown: Callable[[], object] = lambda: "") -> None:
    """Give way to the loop until something holds."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110 - what is waited for tells nobody when it changes
                await asyncio.sleep(0)
    except TimeoutError:
        raise AssertionError(f"never came true: {shown()}") from None


def quick(**settings: Any) -> Settings:  # noqa: ANN401 - each setting has a kind of its own
    """Make settings, some of them quicker than an operator may set them."""
    return replace(load(QUICK), **settings)


@contextmanager
def never_blocking() -> Iterator[BlockBuster]:
    """Fail on a call that blocks the loop, made by the service or by what it calls."""
    with blockbuster_ctx() as detector:
        yield detector


@asynccontextmanager
async def started(
    hub: Hub,
    wrap: Callable[[Broker], Broker] = lambda broker: broker,
    *,
    tuning: Tuning = DEFAULTS,
    **settings: Any,  # noqa: ANN401 - as for `quick`
) -> AsyncIterator[Served]:
    """Serve on a hub that other nodes may share; what is left is for the caller to look at."""
    chosen = quick(**settings)
    async with running(chosen, wrap(MemoryBroker(chosen.broker_options, hub)), tuning=tuning) as here:
        yield Served(here.node, hub, here.port)


@asynccontextmanager
async def serving(
    wrap: Callable[[Broker], Broker] = lambda broker: broker,
    *,
    tuning: Tuning = DEFAULTS,
    **settings: Any,  # noqa: ANN401 - as for `quick`
) -> AsyncIterator[Served]:
    """Serve for the time of the block; at its end nothing may be left of the block's clients."""
    before = asyncio.all_tasks()
    async with started(Hub(quick(**settings).broker_options), wrap, tuning=tuning, **settings) as served:
        with never_blocking():
            yield served
            await served.nothing_left()
    before.add(cast("asyncio.Task[object]", asyncio.current_task()))
    await until(lambda: asyncio.all_tasks() <= before, lambda: asyncio.all_tasks() - before)
