"""Two nodes on a real broker, and two entry points: each one fails over to the other node when one is dead.

`python -m tests.e2e.cluster redis` is the same for a program. It prints the ports of the entry points as one
line of JSON. Then it executes one command of each line (`kill 0`, `start 0`, `kill broker`, `start broker`),
prints `done` after each one, and ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from tests.contract.server import Server as Backbone
from tests.e2e.backbones import backbone, until_ready_says
from tests.e2e.cable import cable
from tests.hubbub_cli.server import Server as Node
from tests.hubbub_cli.server import serving

_READY_WITHIN: Final = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Cluster:
    """A broker, two nodes, and the ports of two entry points: the first prefers the first node."""

    backbone: Backbone
    nodes: tuple[Node, Node]
    ports: tuple[int, int]

    async def kill(self, which: str) -> None:
        """Kill a node (`0`, `1`) or the broker."""
        await asyncio.to_thread(self._part(which).kill)

    async def start(self, which: str) -> None:
        """Restart it on its port, and return when every running node is ready."""
        await asyncio.to_thread(self._part(which).start)
        async with asyncio.timeout(_READY_WITHIN):
            for node in self.nodes:
                if node.runs:
                    await until_ready_says(node.port, 200)

    def _part(self, which: str) -> Backbone | Node:
        return self.backbone if which == "broker" else self.nodes[int(which)]


@asynccontextmanager
async def cluster(broker: str) -> AsyncIterator[Cluster]:
    """Run a broker and two nodes for the time of the block."""
    async with AsyncExitStack() as parts:
        server, settings = parts.enter_context(backbone(broker))
        one, two = (parts.enter_context(serving(**settings)) for _ in range(2))
        ports = [
            await parts.enter_async_context(cable(*ports))
            for ports in ((one.port, two.port), (two.port, one.port))
        ]
        yield Cluster(server, (one, two), (ports[0].port, ports[1].port))


async def _execute_commands(broker: str) -> None:
    async with cluster(broker) as started:
        print(json.dumps({"ports": started.ports}), flush=True)  # noqa: T201 - the parent process reads it
        while words := (await asyncio.to_thread(sys.stdin.readline)).split():
            command, which = words
            await (started.kill if command == "kill" else started.start)(which)
            print("done", flush=True)  # noqa: T201 - the same


if __name__ == "__main__":
    asyncio.run(_execute_commands(sys.argv[1]))
