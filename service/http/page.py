"""The chat page, and the headers that keep it safe."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Final

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.response import BaseHTTPResponse, file, text

from service.http.bodies import READ

_SERVICE: Final = Path(__file__).resolve().parent.parent
# In a wheel the page is part of the package; in a checkout it is where it was built.
_PLACES: Final = (_SERVICE / "page", _SERVICE.parent / "clients" / "web" / "dist")
WEB: Final = next((place for place in _PLACES if place.is_dir()), _PLACES[-1])

_HEADERS: Final = {
    # 'self' is the websocket of the same host and port too (CSP 3).
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# The files' names carry a hash of what is in them. That a file is missing is no such truth.
_FOUND: Final = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED})
_FOREVER: Final = "public, max-age=31536000, immutable"


def add_routes(app: Sanic[Config, SimpleNamespace], web: Path = WEB) -> None:
    """Serve the page at `/`, if it's built."""
    index = web / "index.html"
    is_built = index.is_file()

    @app.route("/", READ)
    async def page(_: Request) -> HTTPResponse:
        if not is_built:
            return text(
                "hubbub runs. The chat page is not built: run `make run`, or use any websocket tool on /ws.\n"
            )
        return await file(index)

    # A route for each file that was built: no other name ever reaches the file system.
    for number, asset in enumerate((web / "assets").glob("*")):
        app.static(f"/assets/{asset.name}", asset, name=f"asset-{number}")

    async def harden(request: Request, response: BaseHTTPResponse) -> None:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path.startswith("/assets/") and response.status in _FOUND:
            response.headers["Cache-Control"] = _FOREVER

    app.register_middleware(harden, "response")
