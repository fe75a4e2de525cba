"""The chat page: one file, in the encodings that browsers accept, and what it loads later.

Its script and styles are within it (docs/decisions, 33), so the Content-Security-Policy names their hashes.
The data (emoji, texts of languages) have the same form in every version, so any node may answer. A part of
the script belongs to one build: its name has a hash of its content, and a node of another build answers 404.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Final

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.response import BaseHTTPResponse, raw, text

from service.http.bodies import JSON, READ

_SERVICE: Final = Path(__file__).resolve().parent.parent
# The page is part of a wheel; in a checkout it is in the folder where it was built.
_FOLDERS: Final = (_SERVICE / "page", _SERVICE.parent / "clients" / "web" / "dist")
WEB: Final = next((place for place in _FOLDERS if place.is_dir()), _FOLDERS[-1])

_HEADERS: Final = {"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
_NONE: Final = "'none'"
# 'self' includes the websocket of the same host and port (CSP 3).
_POLICY: Final = (
    "default-src 'self'{inline}; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors {ancestors}"
)
_INLINE: Final = re.compile(rb"<(script|style)\b[^>]*>(.*?)</\1>", re.DOTALL)
# For a file whose name has a hash of its content.
_FOR_EVER: Final = "public, max-age=31536000, immutable"
# In the order of preference, with the suffix of the file.
_CODINGS: Final = {"br": ".br", "gzip": ".gz"}
_SCRIPT: Final = "text/javascript; charset=utf-8"
_HTML: Final = "text/html; charset=utf-8"
# What is served besides the page: patterns of files, their types, and how long browsers may keep them.
_FILES: Final = (
    ("*.json", JSON, "no-cache"),
    ("parts/*.js", _SCRIPT, _FOR_EVER),
    ("sw.js", _SCRIPT, "no-cache"),
    ("manifest.webmanifest", "application/manifest+json", "no-cache"),
    ("icon-*.png", "image/png", "no-cache"),
)


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """A built file in its encodings, and the headers that belong to it."""

    encodings: dict[str, bytes]
    content_type: str
    policy: str
    etag: str
    caching: str = "no-cache"

    def response(self, accepted: str, known: str) -> HTTPResponse:
        """Answer a request with these values of Accept-Encoding and If-None-Match."""
        coding = next((name for name in _CODINGS if name in self.encodings and accepts(accepted, name)), "")
        etag = f'"{self.etag}{coding and f"-{coding}"}"'
        headers = {"Content-Security-Policy": self.policy, "Vary": "Accept-Encoding", "ETag": etag}
        headers["Cache-Control"] = self.caching
        if etag in known:
            return HTTPResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        if coding:
            headers["Content-Encoding"] = coding
        return raw(self.encodings[coding], headers=headers, content_type=self.content_type)


def read(
    path: Path, content_type: str = _HTML, caching: str = "no-cache", ancestors: str = _NONE
) -> BuiltFile | None:
    """Read a file of the page; None if it is not built."""
    if not path.is_file():
        return None
    whole = path.read_bytes()
    files = {name: path.with_name(path.name + suffix) for name, suffix in _CODINGS.items()}
    encodings = {name: file.read_bytes() for name, file in files.items() if file.is_file()}
    etag = sha256(whole).hexdigest()[:32]
    return BuiltFile({"": whole} | encodings, content_type, _policy(whole, ancestors), etag, caching)


def accepts(header: str, coding: str) -> bool:
    """Return whether a value of Accept-Encoding allows a coding (RFC 9110, 12.5.3)."""
    allowed: dict[str, bool] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        allowed[name] = not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", parameter) for parameter in parameters)
    return allowed.get(coding, allowed.get("*", False))


async def _data(data: BuiltFile, request: Request) -> HTTPResponse:
    return _negotiated(data, request)


def _negotiated(built: BuiltFile, request: Request) -> HTTPResponse:
    return built.response(
        request.headers.get("accept-encoding", ""), request.headers.get("if-none-match", "")
    )


def _policy(page: bytes = b"", ancestors: str = _NONE) -> str:
    hashes = [b64encode(sha256(found[2]).digest()).decode() for found in _INLINE.finditer(page)]
    return _POLICY.format(inline="".join(f" 'sha256-{one}'" for one in hashes), ancestors=ancestors)


def _add_file(app: Sanic[Config, SimpleNamespace], web: Path, built: BuiltFile | None, file: Path) -> None:
    if built is not None:
        name = file.relative_to(web).as_posix()
        app.add_route(partial(_data, built), f"/{name}", READ, name=name)


def add_routes(
    app: Sanic[Config, SimpleNamespace], web: Path = WEB, *, embed_origins: Sequence[str] = ()
) -> None:
    """Serve the page, if it is built: at `/`, and at the links to a room and to a message in it.

    Args:
        embed_origins: the origins of the pages that may show it in a frame.
    """
    built = read(web / "index.html", ancestors=" ".join(embed_origins) or _NONE)
    policy = _policy()

    async def page(request: Request, **_place: str | int) -> HTTPResponse:
        if built is None:
            return text(
                "the chat page is not built: run `make run` to build it, or use a websocket tool on /ws\n"
            )
        return _negotiated(built, request)

    # The page itself reads the place from its address.
    for path in ("/", "/r/<room:str>", "/r/<room:str>/<offset:int>"):
        app.add_route(page, path, READ, name=f"page {path}")

    for pattern, content_type, caching in _FILES:
        for file in sorted(web.glob(pattern)):
            _add_file(app, web, read(file, content_type, caching), file)

    async def add_headers(_: Request, response: BaseHTTPResponse) -> None:
        response.headers.setdefault("Content-Security-Policy", policy)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)

    app.register_middleware(add_headers, "response")
