"""Run a real NATS cluster of three servers on free ports."""

from __future__ import annotations

import asyncio
import atexit
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import cycle
from typing import Final

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from typing_extensions import override

from tests.contract.nats_server import NatsServer
from tests.contract.proxy import Answer, Proxy

SIZE: Final = 3
PATIENCE: Final = 30.0  # seconds; elections take a while


class NatsCluster:
    """A clustered server that does not announce the others, so that clients can't bypass a test's proxy."""

    def __init__(self) -> None:
        ports = _free_ports(SIZE)
        routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports)
        shared = f"name: test, no_advertise: true, routes: [{routes}]"
        self.servers = [
            NatsServer(config=f'server_name: s{number}\ncluster {{ listen: "127.0.0.1:{port}", {shared} }}')
            for number, port in enumerate(ports)
        ]

    @property
    def url(self) -> str:
        """Three servers, each with a replica."""
        return f"{','.join(server.url for server in self.servers)}?replicas={SIZE}"

    def named(self, name: str) -> NatsServer:
        """Find a server by its name in the cluster."""
        return self.servers[int(name.removeprefix("s"))]

    def others(self, name: str) -> list[NatsServer]:
        """List the servers with other names."""
        return [server for server in self.servers if server is not self.named(name)]

    def start(self) -> None:
        """Start all servers, and wait until the cluster stores messages."""
        for server in self.servers:
            server.start()
        # In a thread, because the caller may run an event loop.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(self.until_ready())).result()

    def remove(self) -> None:
        """Stop all servers, and delete their data."""
        for server in self.servers:
            server.remove()

    async def until_ready(self) -> None:
        """Wait until each server can store a message with three replicas."""
        for server in self.servers:
            await until(lambda url=server.url: _answers(url))  # type: ignore[misc]


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Ask until a condition holds: a cluster does not report when it is ready."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def ask(client: Client, what: str, **fields: object) -> dict[str, object]:
    """Call the JetStream API."""
    answer = await client.request(f"$JS.API.{what}", json.dumps(fields).encode(), timeout=5)
    read: dict[str, object] = json.loads(answer.data)
    return read


async def _answers(url: str) -> bool:
    try:
        client = await nats.connect(url, allow_reconnect=False)
        try:
            name = "ready"
            made = await ask(client, f"STREAM.CREATE.{name}", name=name, subjects=[name], num_replicas=SIZE)
            gone = await ask(client, f"STREAM.DELETE.{name}")
        finally:
            await client.close()
    except (NatsError, OSError, TimeoutError):
        return False
    return "error" not in made and "error" not in gone


def _free_ports(count: int) -> list[int]:
    with ExitStack() as sockets:
        found = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in found:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in found]


@contextmanager
def running_cluster() -> Iterator[NatsCluster]:
    """Run a cluster for a block, in which its servers may be killed."""
    cluster = NatsCluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@cache
def shared_cluster() -> NatsCluster:
    """Start the cluster that all tests of a session share; no test kills its servers."""
    cluster = NatsCluster()
    atexit.register(cluster.remove)
    cluster.start()
    return cluster


class ClusterProxy(Proxy):
    """Connects to the servers of a cluster in turn."""

    def __init__(self, cluster: NatsCluster, answer: Answer) -> None:
        super().__init__(cluster.servers[0].port, answer)
        self._next = cycle([server.port for server in cluster.servers])

    @override
    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", next(self._next))
