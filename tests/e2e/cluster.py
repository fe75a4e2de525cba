"""Two nodes on a real broker, and a door for each person, which leads to the other node when one is dead.

`python -m tests.e2e.cluster redis` is the same for a program: it prints the doors as one line of JSON, and
does what it's told line by line (`kill 0`, `start 0`, `kill broker`, `start broker`), with `done` for an
answer. It ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx

from tests.contract.nats_server import NatsServer
from tests.contract.redis_server import RedisServer
from tests.contract.server import Server as Backbone
from tests.contract.server import running
from tests.e2e.cable import cable
from tests.hubbub_cli.server import Server as Node
from tests.hubbub_cli.server import serving

BROKERS: Final = ("redis", "nats")
_READY_WITHIN: Final = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Cluster:
    """Two nodes, what joins them, and the ports of two doors: the first prefers the first node."""

    backbone: Backbone
    nodes: tuple[Node, Node]
    doors: tuple[int, int]

    async def kill(self, which: str) -> None:
        """End a node (`0`, `1`) or the broker, as a power cut would."""
        await asyncio.to_thread(self._part(which).kill)

    async def start(self, which: str) -> None:
        """Start it again where it was, and return when every node that runs is ready."""
        await asyncio.to_thread(self._part(which).start)
        async with asyncio.timeout(_READY_WITHIN), httpx.AsyncClient(timeout=10) as http:
            for node in self.nodes:
                while node.runs and not await _is_ready(http, node.port):
                    pass

    def _part(self, which: str) -> Backbone | Node:
        return self.backbone if which == "broker" else self.nodes[int(which)]


async def _is_ready(http: httpx.AsyncClient, port: int) -> bool:
    answer = await http.get(f"http://127.0.0.1:{port}/health/ready")
    return answer.is_success


@asynccontextmanager
async def cluster(broker: str) -> AsyncIterator[Cluster]:
    """Run a broker and two nodes for the time of the block."""
    on_disk = ("--appendonly", "yes", "--appendfsync", "always")
    async with AsyncExitStack() as parts:
        backbone = parts.enter_context(running(RedisServer(*on_disk) if broker == "redis" else NatsServer()))
        settings = {"BROKER": broker, f"{broker.upper()}_URL": backbone.url, "HUBBUB_BROKER_TIMEOUT": "2"}
        one, two = (parts.enter_context(serving(**settings)) for _ in range(2))
        doors = [
            await parts.enter_async_context(cable(*ports))
            for ports in ((one.port, two.port), (two.port, one.port))
        ]
        yield Cluster(backbone, (one, two), (doors[0].port, doors[1].port))


async def _obey(broker: str) -> None:
    async with cluster(broker) as started:
        print(json.dumps({"doors": started.doors}), flush=True)  # noqa: T201  whoever started us reads it
        while words := (await asyncio.to_thread(sys.stdin.readline)).split():
            order, which = words
            await (started.kill if order == "kill" else started.start)(which)
            print("done", flush=True)  # noqa: T201  the same


if __name__ == "__main__":
    asyncio.run(_obey(sys.argv[1]))
