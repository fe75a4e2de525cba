"""A node's app without a socket, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sanic import Sanic
from sanic_testing import testing

from brokers.memory import MemoryBroker
from service.app import make_app, make_operator_app
from service.gateway.admission import Admission
from service.gateway.gateway import Gateway
from service.node import Node
from tests.faults.faulty import FaultyBroker
from tests.service.http.site import KEY, Site
from tests.service.serving import quick


@pytest.fixture
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    mark: pytest.Mark | None = request.node.get_closest_marker("settings")
    settings = quick(api_key=KEY, **(mark.kwargs if mark else {}))
    broker = FaultyBroker(MemoryBroker(settings.broker_options))
    async with Node(settings, broker) as node:
        gateway = Gateway(node, Admission(settings, node.metrics), node.turns)
        app, operator = make_app(gateway), make_operator_app(gateway)
        yield Site(node, broker, testing.SanicASGITestClient(app), testing.SanicASGITestClient(operator))
        Sanic.unregister_app(app)
        Sanic.unregister_app(operator)
