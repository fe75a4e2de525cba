"""The endpoints for operators: liveness, readiness and metrics.

Several workers share one port, and the system gives a connection to any of them. So each one reports on all.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import SimpleNamespace
from typing import Protocol

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.response import raw, text

from service.http.bodies import READ, Health, json_response
from service.node import READY, Node
from service.release import COMMIT, VERSION
from service.runtime.metrics import CONTENT_TYPE


class WorkersUnavailable(Exception):
    """The workers can't be queried; the message says why."""


class Workers(Protocol):
    """All workers that share the port, including this one."""

    async def readiness(self) -> Mapping[int, str]:
        """Return the readiness of each worker by its number. Raises `WorkersUnavailable`."""

    async def exposition(self) -> bytes:
        """Return the metrics of all workers. Raises `WorkersUnavailable`."""


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node, workers: Workers | None = None) -> None:
    """Add `/health/live`, `/health/ready` and `/metrics`; the last two report on all `workers`, if given."""

    @app.route("/health/live", READ)
    async def live(_: Request) -> HTTPResponse:
        return _report(READY, node)

    @app.route("/health/ready", READ)
    async def ready(_: Request) -> HTTPResponse:
        if workers is None or node.draining:
            return _report(await node.readiness(), node)
        return await _ready_together(workers, node)

    @app.route("/metrics", READ)
    async def metrics(_: Request) -> HTTPResponse:
        if workers is None:
            return raw(node.metrics.exposition(), content_type=CONTENT_TYPE)
        return await _metrics_together(workers)


async def _ready_together(workers: Workers, node: Node) -> HTTPResponse:
    """Report on all workers: a new connection may reach any of them, also one that is not ready."""
    try:
        found = await workers.readiness()
    except WorkersUnavailable as error:
        return _report(f"no answer from the parent process of the workers: {error}", node)
    status = next((f"worker {number}: {each}" for number, each in found.items() if each != READY), READY)
    return _report(status, node, dict(found))


async def _metrics_together(workers: Workers) -> HTTPResponse:
    try:
        return raw(await workers.exposition(), content_type=CONTENT_TYPE)
    except WorkersUnavailable as error:
        # The metrics of one worker would be mistaken for those of all.
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return text(f"no answer from the parent process of the workers: {error}\n", status=status)


def _report(status: str, node: Node, workers: dict[int, str] | None = None) -> HTTPResponse:
    health = Health(status, VERSION, COMMIT, node.settings.broker, node.name, workers or {})
    return json_response(health, HTTPStatus.OK if status == READY else HTTPStatus.SERVICE_UNAVAILABLE)
