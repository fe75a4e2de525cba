"""The chat page, and its security headers."""

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
# The page is part of a wheel; in a checkout it is in the folder where it was built.
_FOLDERS: Final = (_SERVICE / "page", _SERVICE.parent / "clients" / "web" / "dist")
WEB: Final = next((place for place in _FOLDERS if place.is_dir()), _FOLDERS[-1])

_HEADERS: Final = {
    # 'self' includes the websocket of the same host and port (CSP 3).
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# A file's name contains a hash of its content, so a file can be cached. A missing file may appear later.
_CACHEABLE: Final = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED})
_FOREVER: Final = "public, max-age=31536000, immutable"


def add_routes(app: Sanic[Config, SimpleNamespace], web: Path = WEB) -> None:
    """Serve the page at `/`, if it is built."""
    index = web / "index.html"
    is_built = index.is_file()

    @app.route("/", READ)
    async def page(_: Request) -> HTTPResponse:
        if not is_built:
            return text(
                "the chat page is not built: run `make run` to build it, or use a websocket tool on /ws\n"
            )
        return await file(index)

    # A route for each file that was built, so that no other name reaches the file system.
    for number, asset in enumerate((web / "assets").glob("*")):
        app.static(f"/assets/{asset.name}", asset, name=f"asset-{number}")

    async def add_headers(request: Request, response: BaseHTTPResponse) -> None:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path.startswith("/assets/") and response.status in _CACHEABLE:
            response.headers["Cache-Control"] = _FOREVER

    app.register_middleware(add_headers, "response")
