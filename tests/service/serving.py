"""A server in the process of the test, and a check that it keeps nothing of the test's clients."""

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

# The shortest times that the settings allow, so that no test has to wait.
QUICK: Final = {
    "HUBBUB_PORT": "0",
    "HUBBUB_LINGER_SECONDS": "0",
    "HUBBUB_CLOSE_SECONDS": "0.5",
    "HUBBUB_SENDS_PER_SECOND": "1000000",
    "HUBBUB_SENDS_BURST": "1000000",
    "HUBBUB_ADMISSIONS_PER_SECOND": "1000000",
    "HUBBUB_ADMISSIONS_BURST": "1000000",
    "HUBBUB_BYTES_PER_SECOND": "1000000000",
    "HUBBUB_ADMISSIONS_PER_ADDRESS": "1000000",
    "HUBBUB_CONNECTIONS_PER_ADDRESS": "1000000",
    "HUBBUB_NAMES_PER_ADDRESS": "1000000",
    "HUBBUB_REQUESTS_PER_ADDRESS": "1000000",
    "HUBBUB_NEW_ROOMS_PER_HOUR": "1000000",
}
# Samples that must be zero when all clients have disconnected.
_HELD: Final = ("connections", "rooms", "members", "slow_consumers", "log_bytes", "tasks")


class Served:
    """A running node, the hub of its broker, and its clients."""

    def __init__(self, node: Node, hub: Hub, port: int) -> None:
        self.node = node
        self.hub = hub
        self.port = port
        self._peers: list[Peer] = []
        self._keys = 0

    async def peer(self, *, receive_buffer: int | None = None, address: str = "127.0.0.1") -> Peer:
        """Open a TCP connection, which is closed at the end of the test."""
        peer = await Peer.connect(self.port, receive_buffer=receive_buffer, address=address)
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
        """Open a websocket and send `hello`."""
        peer = await self.peer(receive_buffer=receive_buffer)
        await peer.upgrade()
        answer = await peer.ask("hello", **({} if name is None else {"name": name}))
        assert answer["type"] == "welcome", answer
        return peer

    async def joined(self, name: str, room: str = "lobby", **fields: object) -> tuple[Peer, Event]:
        """Open a websocket and join a room; return the response to `join` too."""
        peer = await self.welcomed(name)
        answer = await peer.ask("join", room=room, **fields)
        assert answer["type"] == "joined", answer
        return peer, answer

    def publish(self, room: str, payload: bytes) -> int:
        """Store an entry as another node would; return its offset."""
        self._keys += 1
        return self.hub.publish(room, payload, f"test-{self._keys}").offset

    async def nothing_left(self) -> None:
        """Disconnect all clients, and wait until the node keeps nothing of them."""
        for peer in self._peers:
            peer.disconnect()
        await until(lambda: not self.held(), self.held)
        assert self.node.metrics.task_failures == 0

    def held(self) -> dict[str, float]:
        """Return what the node keeps for its clients, without zeros."""
        sample = self.node.metrics.sample()
        counts = {name: sample[name] for name in _HELD} | {"user_names": len(self.node.user_names)}
        return {name: count for name, count in counts.items() if count}


async def until(holds: Callable[[], object], shown: Callable[[], object] = lambda: "") -> None:
    """Run the loop until a condition holds."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0)
    except TimeoutError:
        raise AssertionError(f"the condition never held: {shown()}") from None


def quick(**settings: Any) -> Settings:  # noqa: ANN401 - each setting has its own type
    """Make settings; some times may be shorter than an operator can set them."""
    return replace(load(QUICK), **settings)


@contextmanager
def never_blocking() -> Iterator[BlockBuster]:
    """Fail on a call of the service that blocks the loop."""
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
    """Run a node on a hub that other nodes may share, without the check for leftovers."""
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
    """Run a node for the time of the block; fail if it keeps anything of the block's clients."""
    before = asyncio.all_tasks()
    async with started(Hub(quick(**settings).broker_options), wrap, tuning=tuning, **settings) as served:
        with never_blocking():
            yield served
            await served.nothing_left()
    before.add(cast("asyncio.Task[object]", asyncio.current_task()))
    await until(lambda: asyncio.all_tasks() <= before, lambda: asyncio.all_tasks() - before)
