"""All that a run needs, real and its own: the broker's server, nodes, wires, people. Always cleaned up."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.backbones import MAKERS, Backbone
from tests.faults.history import Recorder
from tests.faults.nodes import API_KEY, Node, NotStarted
from tests.faults.people import Talker
from tests.faults.plan import Plan
from tests.faults.wire import Wire, laid

SERVICE: Final = ("-m", "service")
_RETRY: Final = 0.3
_STARTS_WITHIN: Final = 90.0


class World:
    """What there is of one plan.

    Attributes:
        links: of each node, its wire to the broker.
        people: by name.
    """

    def __init__(self, plan: Plan, recorder: Recorder, command: Sequence[str]) -> None:
        self.plan = plan
        self.recorder = recorder
        self.backbone: Backbone | None = None
        self.nodes: dict[str, Node] = {}
        self.links: dict[str, Wire] = {}
        self.people: dict[str, Talker] = {}
        self._command = command
        self._chance = Random(plan.seed)  # noqa: S311 (repeatable, not secret)
        self._lives: dict[str, asyncio.Task[None]] = {}

    async def open(self, ends: AsyncExitStack) -> None:
        """Start all of it but the people; `ends` ends it."""
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="hubbub-")))
        if self.plan.broker in MAKERS:
            self.backbone = MAKERS[self.plan.broker]()
            ends.callback(self.backbone.remove)
            await asyncio.to_thread(self.backbone.start)
        for name in self.plan.names:
            await self._add_node(ends, name, folder / name)
        for person in self.plan.people:
            wire = await ends.enter_async_context(laid(self._any_node))
            self.people[person.name] = Talker(person, wire, self.recorder, self.plan.seed, self.plan.inbox)
        await asyncio.gather(*map(self.start_node, self.nodes))

    async def _add_node(self, ends: AsyncExitStack, name: str, log: Path) -> None:
        settings = _settings(self.plan)
        if (backbone := self.backbone) is not None:
            link = await ends.enter_async_context(laid(lambda: backbone.address))
            self.links[name] = link
            settings |= backbone.settings(link.port)
        node = self.nodes[name] = Node(name, settings, log, self._command)
        ends.push_async_callback(node.kill)

    def _any_node(self) -> int | None:
        """Balance the load: a node that serves, as far as anybody can see."""
        ports = [node.port for node in self.nodes.values() if node.port is not None]
        return self._chance.choice(ports) if ports else None

    # People

    def arrive(self, name: str) -> None:
        """Let somebody in, for the first time or again."""
        self._lives[name] = asyncio.get_running_loop().create_task(self.people[name].live(), name=name)

    async def depart(self, name: str) -> None:
        """Let somebody go."""
        life = self._lives.pop(name, None)
        if life is not None:
            self.people[name].quit()
            await life

    async def empty(self) -> None:
        """Let everybody go."""
        await asyncio.gather(*map(self.depart, list(self._lives)))

    async def abandon(self) -> None:
        """End what goes on, whatever it is."""
        for life in self._lives.values():
            life.cancel()
        await asyncio.gather(*self._lives.values(), return_exceptions=True)

    # Nodes

    async def start_node(self, name: str) -> None:
        """Start a node, as a supervisor does: again and again while it can't."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_STARTS_WITHIN):
                while True:
                    try:
                        return await self.nodes[name].start()
                    except NotStarted:
                        await asyncio.sleep(_RETRY)
        raise NotStarted(f"{name}: {self.nodes[name].log.read_text()[-2000:]}")

    def signal_node(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a node's process."""
        self.nodes[name].signal(number)

    def heal(self) -> None:
        """Make good what can be made good at once."""
        for wire in (*self.links.values(), *(talker.wire for talker in self.people.values())):
            wire.heal()
        for talker in self.people.values():
            talker.hear()
            talker.hurry()


def _settings(plan: Plan) -> dict[str, str]:
    values = {
        "API_KEY": API_KEY,
        "BROKER_TIMEOUT": 2,
        "DRAIN_SECONDS": 1,
        "HISTORY_ENTRIES": plan.entries,
        "LAGGING_SECONDS": 3,
        "LINGER_SECONDS": 1,
        "LOG_ENTRIES": plan.log,
        "LOG_LEVEL": "warning",
        "PING_SECONDS": 2,
        # A run must not be stopped by what protects a server from people.
        "ADMISSIONS_BURST": 100_000,
        "ADMISSIONS_PER_SECOND": 100_000,
        "SENDS_BURST": 100_000,
        "SENDS_PER_SECOND": 100_000,
        "WRITE_BUFFER_BYTES": 4096,
    }
    return {"BROKER": "memory", **{f"HUBBUB_{name}": str(value) for name, value in values.items()}}


@asynccontextmanager
async def world(plan: Plan, recorder: Recorder, command: Sequence[str] = SERVICE) -> AsyncIterator[World]:
    """Have a world for the time of the block. `command` is what Python runs as a node."""
    made = World(plan, recorder, command)
    async with AsyncExitStack() as ends:
        await made.open(ends)
        ends.push_async_callback(made.abandon)
        yield made
