"""A node on a durable hub with a journal in memory, for tests."""

from __future__ import annotations

import asyncio
from typing import Final

from brokers.base import BrokerOptions, Receipt, Retention
from brokers.durable import DurableBroker, DurableHub
from brokers.durable.commits import DEFAULT_LIMITS, CommitLimits
from brokers.testing.recorder import BrokerNode, Recorder
from tests.brokers.durable.journals import MemoryJournal

OPTIONS: Final = BrokerOptions(retention=Retention(rooms=3, entries=5), key_window=100.0, timeout=0.2)


class Clock:
    """Advances only when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def start(
    journal: MemoryJournal,
    clock: Clock,
    options: BrokerOptions = OPTIONS,
    limits: CommitLimits = DEFAULT_LIMITS,
) -> BrokerNode:
    """Start a node as a new process does."""
    hub = DurableHub(options, journal, clock=clock, wall=clock, limits=limits)
    node = BrokerNode(DurableBroker(options, hub), Recorder())
    await node.broker.start(node.received)
    return node


def publish(node: BrokerNode, text: str, room: str = "room", key: str = "") -> asyncio.Future[Receipt]:
    """Publish a text, by default under itself as the key."""
    return node.broker.publish(room, text.encode(), key=key or text)


async def turns(count: int = 10) -> None:
    """Let everything happen that needs no waiting."""
    for _ in range(count):
        await asyncio.sleep(0)
