"""All parts of a run, real and its own: the broker's server, nodes, wires, clients. Always cleaned up."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import chain
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Final

from tests.faults import archives, clock, groups, versions
from tests.faults.archives import Storage
from tests.faults.backbones import Backbone
from tests.faults.history import Recorder
from tests.faults.nodes import API_KEY, Node, NotStarted, Version
from tests.faults.people import ChatUser
from tests.faults.plain_people import PlainUser
from tests.faults.plan import Kind, Plan
from tests.faults.wire import Address, Wire, laid

SERVICE: Final = ("-m", "service")
_RETRY: Final = 0.3
_STARTS_WITHIN: Final = 90.0


class World:
    """The parts of one plan.

    Attributes:
        links: for each node, its wires to the broker, one for each of its servers.
        people: the clients by name.
        archive: where history lasts, or None.
    """

    def __init__(
        self, plan: Plan, recorder: Recorder, command: Sequence[str], settings: Mapping[str, str]
    ) -> None:
        self.plan = plan
        self.recorder = recorder
        self.backbone: Backbone | None = None
        self.nodes: dict[str, Node] = {}
        self.archive: Storage | None = None
        self.links: dict[str, list[Wire]] = {}
        self.people: dict[str, ChatUser | PlainUser] = {}
        self._command = command
        self._settings = _settings(plan) | dict(settings)
        self._chance = Random(plan.seed)  # noqa: S311 (repeatable, not secret)
        self._lives: dict[str, asyncio.Task[None]] = {}

    async def open(self, ends: AsyncExitStack) -> None:
        """Start everything but the clients; `ends` cleans up."""
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="hubbub-")))
        self.backbone = groups.make(self.plan.broker, self.plan.servers)
        self.archive = archives.make(self.plan.archive)
        servers: tuple[Backbone | Storage | None, ...] = (self.backbone, self.archive)
        for server in servers:
            if server is not None:
                ends.callback(server.remove)
                await asyncio.to_thread(server.start)
        for name in self.plan.names:
            await self._add_node(ends, name, folder / name)
        for person in self.plan.people:
            wire = await ends.enter_async_context(laid(self._any_node))
            self.people[person.name] = (
                PlainUser(person, wire, self.recorder, self.plan.seed)
                if person.plain
                else ChatUser(person, wire, self.recorder, self.plan.seed, self.plan.inbox)
            )
        await asyncio.gather(*map(self.start_node, self.nodes))

    async def _add_node(self, ends: AsyncExitStack, name: str, log: Path) -> None:
        settings = dict(self._settings)
        if self.backbone is not None:
            count = len(self.backbone.addresses)
            links = [await ends.enter_async_context(laid(self._to_server(number))) for number in range(count)]
            self.links[name] = links
            settings |= self.backbone.settings([link.port for link in links])
        if self.archive is not None:
            settings |= self.archive.settings
        version = Version(self._command)
        if any(fault.kind is Kind.STEP for fault in self.plan.faults) and self._command == SERVICE:
            version = Version(clock.command(log.with_suffix(".clock")))
        other = versions.built(self.plan.other) if self.plan.other else version
        node = self.nodes[name] = Node(name, settings, log, (version, other))
        ends.push_async_callback(node.kill)

    def _to_server(self, number: int) -> Callable[[], Address | None]:
        backbone = self.backbone
        assert backbone
        return lambda: backbone.addresses[number]

    def _any_node(self) -> int | None:
        """Balance the load: return a node that serves, as far as can be seen."""
        ports = [node.port for node in self.nodes.values() if node.port is not None]
        return self._chance.choice(ports) if ports else None

    # Clients

    def connect(self, name: str) -> None:
        """Connect a client, for the first time or again."""
        self._lives[name] = asyncio.get_running_loop().create_task(self.people[name].live(), name=name)

    async def disconnect(self, name: str) -> None:
        """Disconnect a client."""
        life = self._lives.pop(name, None)
        if life is not None:
            self.people[name].quit()
            await life

    async def empty(self) -> None:
        """Disconnect all clients."""
        await asyncio.gather(*map(self.disconnect, list(self._lives)))

    async def abandon(self) -> None:
        """Cancel all tasks."""
        for life in self._lives.values():
            life.cancel()
        await asyncio.gather(*self._lives.values(), return_exceptions=True)

    # Nodes

    async def start_node(self, name: str) -> None:
        """Start a node, as a supervisor does: retry while it can't start."""
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
        """Heal all that can be healed at once."""
        links = chain.from_iterable(self.links.values())
        for wire in (*links, *(user.wire for user in self.people.values())):
            wire.heal()
        for user in self.people.values():
            user.read_again()
            user.retry_now()


def _settings(plan: Plan) -> dict[str, str]:
    values = {
        "API_KEY": API_KEY,
        "BROKER_TIMEOUT": 2,
        "DRAIN_SECONDS": 1,
        "HISTORY_ENTRIES": plan.entries,
        "WORKERS": plan.workers,
        "LAGGING_SECONDS": 3,
        "LINGER_SECONDS": 1,
        "LOG_ENTRIES": plan.log,
        "LOG_LEVEL": "warning",
        "PING_SECONDS": 2,
        # Limits that protect a server from users must not stop a run.
        "ADMISSIONS_BURST": 100_000,
        "ADMISSIONS_PER_SECOND": 100_000,
        "SENDS_BURST": 100_000,
        "SENDS_PER_SECOND": 100_000,
        "WRITE_BUFFER_BYTES": 4096,
    }
    return {"BROKER": "memory", **{f"HUBBUB_{name}": str(value) for name, value in values.items()}}


@asynccontextmanager
async def world(
    plan: Plan,
    recorder: Recorder,
    command: Sequence[str] = SERVICE,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[World]:
    """Create a world for the time of the block.

    `command` is the Python command line of a node; `settings` replace those that the plan gives it.
    """
    made = World(plan, recorder, command, settings)
    async with AsyncExitStack() as ends:
        await made.open(ends)
        ends.push_async_callback(made.abandon)
        yield made
