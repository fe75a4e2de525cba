"""A client of a node's HTTP routes, without a socket."""

from __future__ import annotations

from dataclasses import dataclass

from sanic_testing import testing

from service.node import Node
from tests.faults.faulty import FaultyBroker

KEY = "the-key-of-the-programs"
BEARER = {"Authorization": f"Bearer {KEY}"}


@dataclass(frozen=True)
class Site:
    """A node's app, its broker, and a client with the API key. `operator` is a client of the other port."""

    node: Node
    broker: FaultyBroker
    client: testing.SanicASGITestClient
    operator: testing.SanicASGITestClient

    async def get(self, path: str, **headers: str) -> testing.TestingResponse:
        client = self.operator if path.startswith(("/health/", "/metrics")) else self.client
        _, response = await client.get(path, headers=BEARER | headers)
        assert response is not None
        return response

    async def post(self, path: str, body: str, **headers: str) -> testing.TestingResponse:
        _, response = await self.client.post(path, content=body.encode(), headers=BEARER | headers)
        assert response is not None
        return response
