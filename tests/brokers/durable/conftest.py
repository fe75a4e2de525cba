"""Fixtures of the durable broker's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from brokers.durable.commits import DEFAULT_LIMITS, CommitLimits
from brokers.testing.recorder import BrokerNode
from tests.brokers.durable.journals import MemoryJournal
from tests.brokers.durable.stage import Clock, start


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "commit_limits(**fields): the bounds of group commit in the test")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
async def node(
    request: pytest.FixtureRequest, journal: MemoryJournal, clock: Clock
) -> AsyncIterator[BrokerNode]:
    mark: pytest.Mark | None = request.node.get_closest_marker("commit_limits")
    made = await start(journal, clock, limits=CommitLimits(**mark.kwargs) if mark else DEFAULT_LIMITS)
    yield made
    journal.is_held, journal.error = False, None
    journal.let_go()
    await made.broker.close()
