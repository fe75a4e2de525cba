"""Whether the node lives, whether it's ready, and what it counts."""

from __future__ import annotations

from http import HTTPStatus
from types import SimpleNamespace

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.response import raw

from brokers.errors import BrokerError
from service import __version__
from service.metrics import CONTENT_TYPE
from service.node import Node
from service.replies import Health, answer


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node) -> None:
    """Add `/health/live`, `/health/ready` and `/metrics`."""

    @app.get("/health/live")
    async def live(_: Request) -> HTTPResponse:
        return _report("ok", HTTPStatus.OK, node)

    @app.get("/health/ready")
    async def ready(_: Request) -> HTTPResponse:
        if node.draining:
            return _report("draining", HTTPStatus.SERVICE_UNAVAILABLE, node)
        try:
            # By the way a message goes, so that a listener that died can't look healthy.
            await node.broker.probe()
        except BrokerError as error:
            return _report(f"the broker is away: {error}", HTTPStatus.SERVICE_UNAVAILABLE, node)
        return _report("ok", HTTPStatus.OK, node)

    @app.get("/metrics")
    async def metrics(_: Request) -> HTTPResponse:
        return raw(node.metrics.exposition(), content_type=CONTENT_TYPE)


def _report(status: str, code: HTTPStatus, node: Node) -> HTTPResponse:
    health = Health(status=status, version=__version__, broker=node.settings.broker, node=node.name)
    return answer(health, code)
