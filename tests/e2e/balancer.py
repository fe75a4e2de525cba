"""A load balancer in front of several nodes: each connection goes to the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from tests.e2e.cable import pump


class Balancer:
    """A TCP load balancer on a free port, round robin over some ports."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._turn = count()
        self.port = 0

    def add(self, port: int) -> None:
        """Add a port for new connections."""
        self._ports.append(port)

    def remove(self, port: int) -> None:
        """Remove a port for new connections. Open connections stay."""
        self._ports.remove(port)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one client to the next node, until either side ends."""
        port = self._ports[next(self._turn) % len(self._ports)]
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as group:
            group.create_task(pump(reader, far_writer))
            group.create_task(pump(far_reader, writer))


@asynccontextmanager
async def balancer(ports: list[int]) -> AsyncIterator[Balancer]:
    """Balance between ports of this machine for the time of the block."""
    made = Balancer(list(ports))
    server = await asyncio.start_server(made.carry, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
