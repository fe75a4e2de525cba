"""Provide the suite's fixtures and markers as a plugin: `pytest_plugins = ["brokers.testing.plugin"]`.

The user provides one fixture, `maker`, which opens a backbone of the broker under test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from brokers.base import BrokerOptions
from brokers.testing.backbone import Backbone, Maker
from brokers.testing.promises import PROMISES
from brokers.testing.recorder import BrokerNode, Recorder


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, one for each promise.

    Raises:
        UsageError: with pytest's configuration no test of the suite would be collected.
    """
    if not config.getini("collect_imported_tests"):
        raise pytest.UsageError(
            "the tests of the contract suite are imported: do not disable `collect_imported_tests`"
        )
    for number, name in PROMISES.items():
        config.addinivalue_line("markers", f"{number}: tests this promise of brokers.base: {name}")
    config.addinivalue_line(
        "markers", "stage(needs, options): the required ability and the options of a contract test"
    )


@pytest.fixture
def options(request: pytest.FixtureRequest) -> BrokerOptions:
    """Return the options of the nodes in this test."""
    mark: pytest.Mark | None = request.node.get_closest_marker("stage")
    return mark.kwargs.get("options", BrokerOptions()) if mark else BrokerOptions()


@pytest_asyncio.fixture(loop_scope="function")
async def backbone(
    maker: Maker, options: BrokerOptions, request: pytest.FixtureRequest
) -> AsyncIterator[Backbone]:
    """Open an empty backbone; skip the test if it lacks a required ability."""
    async with maker(options) as opened:
        for mark in request.node.iter_markers("stage"):
            ability = mark.kwargs.get("needs")
            if ability and not getattr(opened.abilities, ability):
                pytest.skip(f"needs {ability}")
        yield opened


@pytest_asyncio.fixture(loop_scope="function")
async def pair(backbone: Backbone) -> AsyncIterator[tuple[BrokerNode, BrokerNode]]:
    """Start two nodes on the backbone, each with an empty recorder."""
    async with AsyncExitStack() as ends:
        nodes = [BrokerNode(backbone.node(), Recorder()) for _ in range(2)]
        for node in nodes:
            ends.push_async_callback(node.broker.close)
            await node.broker.start(node.received)
        yield nodes[0], nodes[1]
