"""Start nodes on a real NATS, each test with its own prefix."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from secrets import token_hex

import nats
from nats.aio.client import Client

from brokers.base import BrokerOptions
from brokers.nats import NatsBroker
from brokers.testing.recorder import BrokerNode, Recorder
from tests.contract.nats_server import NatsServer


def options(server: NatsServer, **changes: object) -> BrokerOptions:
    """Create options for nodes on a server, with a new prefix."""
    return replace(BrokerOptions(url=server.url, prefix=f"test-{token_hex(6)}", timeout=2.0), **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def node(options: BrokerOptions) -> AsyncIterator[BrokerNode]:
    """Start a node for a block."""
    broker = NatsBroker(options)
    received = Recorder()
    await broker.start(received)
    try:
        yield BrokerNode(broker, received)
    finally:
        await broker.close()


@asynccontextmanager
async def operator(url: str) -> AsyncIterator[Client]:
    """Connect as an operator with all permissions."""
    client = await nats.connect(url, allow_reconnect=False)
    try:
        yield client
    finally:
        await client.close()
