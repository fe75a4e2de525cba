"""Fixtures of the durable broker's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from brokers.testing.recorder import BrokerNode
from tests.brokers.durable.journals import MemoryJournal
from tests.brokers.durable.stage import Clock, start


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
async def node(journal: MemoryJournal, clock: Clock) -> AsyncIterator[BrokerNode]:
    made = await start(journal, clock)
    yield made
    journal.is_held, journal.error = False, None
    journal.let_go()
    await made.broker.close()
