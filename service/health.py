"""Whether the node lives, whether it's ready, and what it counts.

Where several workers share a port, one can't be asked without the others: a connection comes to any of them.
"""

from __future__ import annotations

from http import HTTPStatus
from types import SimpleNamespace
from typing import Final, Protocol

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.response import raw, text

from brokers.errors import BrokerError
from service.metrics import CONTENT_TYPE
from service.node import Node
from service.release import COMMIT, VERSION
from service.replies import READ, Health, answer
from service.workers.line import Unanswered
from service.workers.reports import METRICS, READINESS, Reports, join_metrics, read_text

OK: Final = "ok"
DRAINING: Final = "draining"
_SILENT: Final = "no answer"


class Crew(Protocol):
    """All workers behind the port."""

    async def ask(self, what: str) -> Reports:
        """Ask each of them. Raises `Unanswered` if nobody can tell."""


async def readiness(node: Node) -> str:
    """Tell whether a node can serve, in a word, or what keeps it from it."""
    if node.draining:
        return DRAINING
    try:
        # By the way a message goes, so that a listener that died can't look healthy.
        await node.broker.probe()
    except BrokerError as error:
        return f"the broker is away: {error}"
    return OK


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node, crew: Crew | None = None) -> None:
    """Add `/health/live`, `/health/ready` and `/metrics`; of a `crew` the last two speak for all."""

    @app.route("/health/live", READ)
    async def live(_: Request) -> HTTPResponse:
        return _report(OK, node)

    @app.route("/health/ready", READ)
    async def ready(_: Request) -> HTTPResponse:
        if crew is None or node.draining:
            return _report(await readiness(node), node)
        return await _ready_together(crew, node)

    @app.route("/metrics", READ)
    async def metrics(_: Request) -> HTTPResponse:
        if crew is None:
            return raw(node.metrics.exposition(), content_type=CONTENT_TYPE)
        return await _count_together(crew)


async def _ready_together(crew: Crew, node: Node) -> HTTPResponse:
    """Tell of all workers that take connections: one that can't serve is met by a part of those who come."""
    try:
        reports = await crew.ask(READINESS)
    except Unanswered as error:
        return _report(f"the workers' parent is silent: {error}", node)
    found = dict.fromkeys(reports.silent, _SILENT)
    found |= {number: read_text(word) for number, word in sorted(reports.answers.items())}
    worst = next((f"worker {number}: {word}" for number, word in found.items() if word != OK), OK)
    return _report(worst, node, found)


async def _count_together(crew: Crew) -> HTTPResponse:
    try:
        reports = await crew.ask(METRICS)
    except Unanswered as error:
        # Numbers of one worker that look like those of all would be worse than none.
        return text(f"the workers' parent is silent: {error}\n", status=HTTPStatus.SERVICE_UNAVAILABLE)
    return raw(join_metrics(reports), content_type=CONTENT_TYPE)


def _report(status: str, node: Node, workers: dict[int, str] | None = None) -> HTTPResponse:
    health = Health(status, VERSION, COMMIT, node.settings.broker, node.name, workers or {})
    return answer(health, HTTPStatus.OK if status == OK else HTTPStatus.SERVICE_UNAVAILABLE)
