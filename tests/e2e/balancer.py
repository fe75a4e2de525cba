"""What stands in front of several nodes: each connection goes to the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from tests.e2e.cable import pump


class Balancer:
    """A TCP balancer on a free port, in front of the ports that are in it."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._turn = count()
        self.port = 0

    def put_in(self, port: int) -> None:
        """Send people there too."""
        self._ports.append(port)

    def take_out(self, port: int) -> None:
        """Send nobody there any more; who is there stays."""
        self._ports.remove(port)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join one client with the node whose turn it is, until either ends."""
        port = self._ports[next(self._turn) % len(self._ports)]
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as group:
            group.create_task(pump(reader, far_writer))
            group.create_task(pump(far_reader, writer))


@asynccontextmanager
async def balancer(ports: list[int]) -> AsyncIterator[Balancer]:
    """Balance between ports of this machine for the time of the block."""
    between = Balancer(list(ports))
    server = await asyncio.start_server(between.carry, "127.0.0.1", 0)
    between.port = server.sockets[0].getsockname()[1]
    try:
        yield between
    finally:
        server.close()
        await server.wait_closed()
