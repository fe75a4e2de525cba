"""Real brokers for tests of whole nodes, and the settings by which a node finds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from tests.contract.nats_server import NatsServer
from tests.contract.redis_server import RedisServer
from tests.contract.server import Server, running

NAMES: Final = ("redis", "nats")
_ON_DISK: Final = ("--appendonly", "yes", "--appendfsync", "always")


@contextmanager
def backbone(name: str) -> Iterator[tuple[Server, dict[str, str]]]:
    """Run a broker's server for the time of the block, with the settings of a node on it."""
    with running(RedisServer(*_ON_DISK) if name == "redis" else NatsServer()) as server:
        yield server, {"BROKER": name, f"{name.upper()}_URL": server.url, "HUBBUB_BROKER_TIMEOUT": "2"}


async def until_ready_says(port: int, status: int) -> None:
    """Ask a node whether it is ready, until it answers so. One that is gone isn't ready either."""
    found = None
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
        while found != status:
            try:
                found = (await http.get("/health/ready")).status_code
            except httpx.TransportError:
                found = 503
