"""Select the brokers to test."""

from __future__ import annotations

from typing import Final

import pytest

from brokers.testing.backbone import Maker
from tests.contract.archived import ArchivedBackbone
from tests.contract.durable import DurableBackbone
from tests.contract.makers import (
    FaultyBackbone,
    MemoryBackbone,
    NatsBackbone,
    NatsClusterBackbone,
    RedisBackbone,
    RedisClusterBackbone,
)

MAKERS: Final[dict[str, Maker]] = {
    "memory": MemoryBackbone.open,
    "archived": ArchivedBackbone.open,
    "durable": DurableBackbone.open,
    "faulty": FaultyBackbone.open,
    "redis": RedisBackbone.open,
    "redis-cluster": RedisClusterBackbone.open,
    "nats": NatsBackbone.open,
    "nats-cluster": NatsClusterBackbone.open,
}


@pytest.fixture(params=MAKERS.values(), ids=list(MAKERS))
def maker(request: pytest.FixtureRequest) -> Maker:
    chosen: Maker = request.param
    return chosen
