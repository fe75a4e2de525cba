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

from tests.contract.server import Server as Backbone
from tests.e2e.backbones import backbone, until_ready_says
from tests.e2e.cable import cable
from tests.hubbub_cli.server import Server as Node
from tests.hubbub_cli.server import serving

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
        doors = [
            await parts.enter_async_context(cable(*ports))
            for ports in ((one.port, two.port), (two.port, one.port))
        ]
        yield Cluster(server, (one, two), (doors[0].port, doors[1].port))


async def _obey(broker: str) -> None:
    async with cluster(broker) as started:
        print(json.dumps({"doors": started.doors}), flush=True)  # noqa: T201  whoever started us reads it
        while words := (await asyncio.to_thread(sys.stdin.readline)).split():
            order, which = words
            await (started.kill if order == "kill" else started.start)(which)
            print("done", flush=True)  # noqa: T201  the same


if __name__ == "__main__":
    asyncio.run(_obey(sys.argv[1]))
