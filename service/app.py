"""The composition root: the Sanic app of one node."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Final

from sanic import HTTPResponse, Request, Sanic, Websocket
from sanic.config import Config
from sanic.exceptions import SanicException
from sanic.handlers import ErrorHandler
from sanic.response import text
from typing_extensions import override

from service import api, health, pages
from service.admission import Admission
from service.door import SUBPROTOCOL, admit, admit_at_once
from service.knock import says_booked
from service.lean import WEBSOCKET, Detached
from service.node import Node
from service.offer import Offer

# An HTTP client that says nothing is let go after so many seconds, and so is one whose request takes longer.
_HTTP_TIMEOUT: Final = 15
# Beyond the connections that a node takes: those that are told that it's full, and those of probes.
_SPARE_SOCKETS: Final = 1_000
_OUR_FAULT: Final = 500


class Faults(ErrorHandler):
    """Logs what is the server's fault. A request that makes no sense is its sender's, who is told.

    Programs are told in JSON, people in words.
    """

    @override
    def default(self, request: Request, exception: Exception) -> HTTPResponse:
        self.log(request, exception)
        if api.is_for_programs(request):
            return api.problem(exception, request.app.ctx.metrics)
        if not isinstance(exception, SanicException):
            return text("the server failed\n", _OUR_FAULT)
        return text(f"{exception}\n", exception.status_code, exception.headers)

    @staticmethod
    @override
    def log(request: Request, exception: Exception) -> None:
        if not isinstance(exception, SanicException) or exception.status_code >= _OUR_FAULT:
            ErrorHandler.log(request, exception)


def make_app(node: Node, crew: health.Crew | None = None) -> Sanic[Config, SimpleNamespace]:
    """Put the routes of a node together. Works on `LeanProtocol` and on Sanic's stock protocol."""
    app: Sanic[Config, SimpleNamespace] = Sanic(
        f"hubbub-{node.name}", config=_config(node), configure_logging=False, error_handler=Faults()
    )
    app.ctx.metrics = node.metrics
    app.ctx.admission = admission = Admission(node.settings, node.metrics)
    app.ctx.admit = partial(admit_at_once, node)

    async def chat(request: Request, websocket: Websocket | Detached) -> None:
        if isinstance(websocket, Detached):
            wait = websocket.wait
        else:
            wait = await admission.wait(booked=says_booked(request.query_string))
        await admit(node, request, websocket, wait)

    app.add_websocket_route(chat, WEBSOCKET, subprotocols=Offer(SUBPROTOCOL))
    health.add_routes(app, node, crew)
    api.add_routes(app, node)
    pages.add_routes(app)
    return app


def _config(node: Node) -> Config:
    settings = node.settings
    config = Config(env_prefix="")
    config.update(
        {
            "ACCESS_LOG": False,
            # Said by `Faults`; but the usual way would have Sanic read the handlers' source.
            "FALLBACK_ERROR_FORMAT": "text",
            "KEEP_ALIVE_TIMEOUT": _HTTP_TIMEOUT,
            "MOTD": False,
            # What may be sent may be posted.
            "REQUEST_MAX_SIZE": settings.frame_bytes,
            "REQUEST_TIMEOUT": _HTTP_TIMEOUT,
            # Sanic would rewrite its own source at each start: a second one in this process would fail.
            "TOUCHUP": False,
            "WEBSOCKET_MAX_SIZE": settings.frame_bytes,
            # Not Sanic's: what `Front` and `LeanProtocol` need to know.
            "CLOSE_SECONDS": settings.close_seconds,
            "SOCKETS": settings.connections + _SPARE_SOCKETS,
            "WRITE_BUFFER_BYTES": settings.write_buffer_bytes,
        }
    )
    return config
