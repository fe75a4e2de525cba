"""Real brokers for tests of whole nodes, and the settings that connect a node to them."""

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
    """Run the server of a broker for the time of the block; yield it with the settings for a node."""
    with running(RedisServer(*_ON_DISK) if name == "redis" else NatsServer()) as server:
        yield server, {"BROKER": name, f"{name.upper()}_URL": server.url, "HUBBUB_BROKER_TIMEOUT": "2"}


async def until_ready_says(port: int, status: int) -> None:
    """Poll the readiness of a node until it has a status. A node that does not answer counts as 503."""
    found = None
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
        while found != status:
            try:
                found = (await http.get("/health/ready")).status_code
            except httpx.TransportError:
                found = 503
