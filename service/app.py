"""The composition root: the Sanic app of one node."""

from __future__ import annotations

from types import SimpleNamespace

from sanic import Request, Sanic
from sanic.config import Config

from service.gateway.attach import attach_requested
from service.gateway.gateway import Gateway
from service.gateway.handshake import MAX_HEAD
from service.gateway.http_protocol import WEBSOCKET
from service.gateway.upgraded_socket import UpgradedSocket
from service.http import api, erasures, files, health, moderation, page, push
from service.http.errors import HttpErrors


def make_app(gateway: Gateway, workers: health.Workers | None = None) -> Sanic[Config, SimpleNamespace]:
    """Add the routes of a node. `workers` are all processes that share its port, if there are several.

    The app is served by the gateway's protocols (`service/gateway/acceptor.py`).
    """
    node = gateway.node
    app = _app(gateway, f"hubbub-{node.name}")

    async def chat(request: Request, upgraded: UpgradedSocket) -> None:
        await attach_requested(gateway, request, upgraded.websocket, upgraded.address, upgraded.rejected)

    app.add_websocket_route(chat, WEBSOCKET)
    health.add_routes(app, node, workers)
    api.add_routes(app, node)
    moderation.add_routes(app, node)
    erasures.add_routes(app, node)
    files.add_routes(app, node)
    push.add_routes(app, node)
    page.add_routes(app, embed_origins=node.settings.embed_origins)
    return app


def make_operator_app(
    gateway: Gateway, workers: health.Workers | None = None
) -> Sanic[Config, SimpleNamespace]:
    """Add the routes of the port for operators: health with details, and metrics."""
    app = _app(gateway, f"hubbub-{gateway.node.name}-operator")
    health.add_routes(app, gateway.node, workers, only_operators=True)
    return app


def _app(gateway: Gateway, name: str) -> Sanic[Config, SimpleNamespace]:
    return Sanic(
        name,
        config=_config(gateway),
        configure_logging=False,
        error_handler=HttpErrors(gateway.node.metrics),
        # A path with another `/` at its end is another path: proxies compare them, too.
        strict_slashes=True,
    )


def _config(gateway: Gateway) -> Config:
    config = Config(env_prefix="")
    request_seconds = gateway.node.tuning.request_seconds
    config.update(
        {
            "ACCESS_LOG": False,
            # `HttpErrors` makes the responses. With its default, Sanic would read the source of the handlers.
            "FALLBACK_ERROR_FORMAT": "text",
            "KEEP_ALIVE_TIMEOUT": request_seconds,
            "MOTD": False,
            # Cookies of single sign-on alone may be larger than Sanic's default of 8 KiB.
            "REQUEST_MAX_HEADER_SIZE": MAX_HEAD,
            # A post may be as large as a frame.
            "REQUEST_MAX_SIZE": gateway.node.settings.frame_bytes,
            "REQUEST_TIMEOUT": request_seconds,
            # Sanic would rewrite its own source at each start, and a second start in this process would fail.
            "TOUCHUP": False,
        }
    )
    return config
