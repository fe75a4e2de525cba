"""The endpoints for operators: liveness, readiness and metrics.

On the port of the clients they show no more than a status, unless there is no port for operators: then
requests from this machine that passed no proxy get the details and the metrics.

Several workers share one port, and the system gives a connection to any of them. So each one reports on all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from ipaddress import ip_address
from time import perf_counter
from types import SimpleNamespace
from typing import Final, Protocol

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.exceptions import NotFound
from sanic.response import raw, text

from service.http.bodies import READ, Health, json_response
from service.node import READY, Node
from service.release import COMMIT, VERSION
from service.runtime.exposition import CONTENT_TYPE

# After it was rendered, the text of the metrics counts for so many times the duration.
_REST: Final = 49.0
# Headers that proxies add.
_PROXIED: Final = ("x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-proto")


class WorkersUnavailable(Exception):
    """The workers can't be queried; the message says why."""


class Workers(Protocol):
    """All workers that share the port, including this one."""

    async def readiness(self) -> Mapping[int, str]:
        """Return the readiness of each worker by its number. Raises `WorkersUnavailable`."""

    async def exposition(self) -> bytes:
        """Return the metrics of all workers. Raises `WorkersUnavailable`."""


class Exposition:
    """The metrics as text. Rendering takes 2 % of the time at most: until then, the last text counts.

    It is rendered once for all that ask for it at the same time.
    """

    def __init__(self, render: Callable[[], Awaitable[bytes]]) -> None:
        self._render = render
        self._text = b""
        self._until = 0.0
        self._rendering = asyncio.Lock()

    async def read(self) -> bytes:
        """Return the text. Raises `WorkersUnavailable`."""
        async with self._rendering:
            started = perf_counter()
            if started >= self._until:
                self._text = await self._render()
                now = perf_counter()
                self._until = now + _REST * (now - started)
        return self._text


def add_routes(
    app: Sanic[Config, SimpleNamespace],
    node: Node,
    workers: Workers | None = None,
    *,
    only_operators: bool = False,
) -> None:
    """Add `/health/live`, `/health/ready` and `/metrics`; the last two report on all `workers`, if given.

    `only_operators`: the app has a port of its own, which clients can't reach.
    """
    exposition = Exposition(partial(_render, node) if workers is None else workers.exposition)

    def is_operator(request: Request) -> bool:
        return only_operators or (not node.settings.operator_port and _is_local(request))

    @app.route("/health/live", READ)
    async def live(request: Request) -> HTTPResponse:
        return _report(READY, node, {}, details=is_operator(request))

    @app.route("/health/ready", READ)
    async def ready(request: Request) -> HTTPResponse:
        status, found = await _readiness(node, workers)
        return _report(status, node, found, details=is_operator(request))

    @app.route("/metrics", READ)
    async def metrics(request: Request) -> HTTPResponse:
        if not is_operator(request):
            raise NotFound("Requested URL /metrics not found")
        try:
            return raw(await exposition.read(), content_type=CONTENT_TYPE)
        except WorkersUnavailable as error:
            # The metrics of one worker would be mistaken for those of all.
            status = HTTPStatus.SERVICE_UNAVAILABLE
            return text(f"no answer from the parent process of the workers: {error}\n", status=status)


async def _render(node: Node) -> bytes:
    """Render the metrics of a node, each part in a turn of its own."""
    parts: list[bytes] = []
    for part in node.metrics.exposition_in_parts():
        parts.append(part)
        await node.turns.wait()
    return b"".join(parts)


def _is_local(request: Request) -> bool:
    """Return whether a request is from this machine, and not from a proxy on it."""
    if any(name in request.headers for name in _PROXIED):
        return False
    try:
        return ip_address(request.ip).is_loopback
    except ValueError:
        return False


async def _readiness(node: Node, workers: Workers | None) -> tuple[str, dict[int, str]]:
    """Report on all workers: a new connection may reach any of them, also one that is not ready."""
    if workers is None or node.draining:
        return await node.readiness(), {}
    try:
        found = dict(await workers.readiness())
    except WorkersUnavailable as error:
        return f"no answer from the parent process of the workers: {error}", {}
    status = next((f"worker {number}: {each}" for number, each in found.items() if each != READY), READY)
    return status, found


def _report(status: str, node: Node, workers: dict[int, str], *, details: bool) -> HTTPResponse:
    if details:
        health = Health(status, VERSION, COMMIT, node.settings.broker, node.name, workers)
    else:
        health = Health(status if status == READY else "unavailable")
    return json_response(health, HTTPStatus.OK if status == READY else HTTPStatus.SERVICE_UNAVAILABLE)
