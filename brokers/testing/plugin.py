"""The fixtures and markers of the suite, as a pytest plugin: `pytest_plugins = ["brokers.testing.plugin"]`.

It asks for one fixture of its user, `maker`: what opens a backbone of the broker that is to be proven.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from brokers.base import Options
from brokers.testing.backbone import Backbone, Maker
from brokers.testing.promises import PROMISES
from brokers.testing.recorder import BrokerNode, Recorder


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, one for each promise.

    Raises:
        UsageError: pytest is set up so that it would find no test of the suite.
    """
    if not config.getini("collect_imported_tests"):
        raise pytest.UsageError("the contract suite is imported: leave `collect_imported_tests` on")
    for number, name in PROMISES.items():
        config.addinivalue_line("markers", f"{number}: proves this promise of brokers.base: {name}")
    config.addinivalue_line(
        "markers", "stage(needs, options): the ability and the options of a contract test"
    )


@pytest.fixture
def options(request: pytest.FixtureRequest) -> Options:
    """Tell what the nodes of this test are made from."""
    mark: pytest.Mark | None = request.node.get_closest_marker("stage")
    return mark.kwargs.get("options", Options()) if mark else Options()


@pytest_asyncio.fixture(loop_scope="function")
async def backbone(maker: Maker, options: Options, request: pytest.FixtureRequest) -> AsyncIterator[Backbone]:
    """Open an empty backbone; skip the test if it lacks what the test needs."""
    async with maker(options) as opened:
        for mark in request.node.iter_markers("stage"):
            ability = mark.kwargs.get("needs")
            if ability and not getattr(opened.abilities, ability):
                pytest.skip(f"needs {ability}")
        yield opened


@pytest_asyncio.fixture(loop_scope="function")
async def pair(backbone: Backbone) -> AsyncIterator[tuple[BrokerNode, BrokerNode]]:
    """Start two nodes on the backbone, each with a recorder that heard nothing yet."""
    async with AsyncExitStack() as ends:
        nodes = [BrokerNode(backbone.node(), Recorder()) for _ in range(2)]
        for node in nodes:
            ends.push_async_callback(node.broker.close)
            await node.broker.start(node.received)
        yield nodes[0], nodes[1]
