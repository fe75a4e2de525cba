"""The brokers that are proven here, and the two nodes that each test begins with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final

import pytest

from brokers.base import Options
from tests.contract.backbone import Backbone, Maker
from tests.contract.makers import FaultyBackbone, MemoryBackbone, NatsBackbone, RedisBackbone
from tests.contract.recorder import Node, Recorder

MAKERS: Final[dict[str, Maker]] = {
    "memory": MemoryBackbone.open,
    "faulty": FaultyBackbone.open,
    "redis": RedisBackbone.open,
    "nats": NatsBackbone.open,
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "promise(number): the promise of `brokers.base` that the test proves")
    config.addinivalue_line("markers", "options(**options): what the nodes of the test are made from")
    config.addinivalue_line("markers", "needs(ability): skip where the backbone lacks it (`Abilities`)")


@pytest.fixture(params=MAKERS.values(), ids=list(MAKERS))
def maker(request: pytest.FixtureRequest) -> Maker:
    chosen: Maker = request.param
    return chosen


@pytest.fixture
def options(request: pytest.FixtureRequest) -> Options:
    mark: pytest.Mark | None = request.node.get_closest_marker("options")
    return Options(**mark.kwargs) if mark else Options()


@pytest.fixture
async def backbone(maker: Maker, options: Options, request: pytest.FixtureRequest) -> AsyncIterator[Backbone]:
    async with maker(options) as opened:
        for mark in request.node.iter_markers("needs"):
            if not getattr(opened.abilities, mark.args[0]):
                pytest.skip(f"needs {mark.args[0]}")
        yield opened


@pytest.fixture
async def pair(backbone: Backbone) -> AsyncIterator[tuple[Node, Node]]:
    async with AsyncExitStack() as ends:
        nodes = [Node(backbone.node(), Recorder()) for _ in range(2)]
        for node in nodes:
            ends.push_async_callback(node.broker.close)
            await node.broker.start(node.heard)
        yield nodes[0], nodes[1]
