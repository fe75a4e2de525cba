"""Whether the node lives, whether it's ready, and what it counts."""

from __future__ import annotations

from types import SimpleNamespace

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.response import raw

from brokers.errors import BrokerError
from service import __version__
from service.metrics import CONTENT_TYPE
from service.node import Node
from service.replies import Health, encode_value

_JSON = "application/json"
_OK, _UNAVAILABLE = 200, 503


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node) -> None:
    """Add `/health/live`, `/health/ready` and `/metrics`."""

    @app.get("/health/live")
    async def live(_: Request) -> HTTPResponse:
        return _report("ok", _OK, node)

    @app.get("/health/ready")
    async def ready(_: Request) -> HTTPResponse:
        if node.draining:
            return _report("draining", _UNAVAILABLE, node)
        try:
            # By the way a message goes, so that a listener that died can't look healthy.
            await node.broker.probe()
        except BrokerError as error:
            return _report(f"the broker is away: {error}", _UNAVAILABLE, node)
        return _report("ok", _OK, node)

    @app.get("/metrics")
    async def metrics(_: Request) -> HTTPResponse:
        return raw(node.metrics.exposition(), content_type=CONTENT_TYPE)


def _report(status: str, code: int, node: Node) -> HTTPResponse:
    body = encode_value(
        Health(status=status, version=__version__, broker=node.settings.broker, node=node.name)
    )
    return raw(body, status=code, content_type=_JSON)
