"""Files over HTTP: uploads with a ticket or with credentials, and downloads (FL1-FL4).

A download needs no credentials: the id has 128 random bits, and only those who may read the message know it.
What users upload never runs. A few kinds of images are shown, all else is saved to a file.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from http import HTTPStatus
from time import time
from types import SimpleNamespace
from typing import Final, NamedTuple, Protocol, cast
from urllib.parse import quote

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.http import Http
from sanic.response import text

from hubbub_protocol import Code
from service.files.errors import StoreUnavailable
from service.files.files import Files
from service.files.images import INLINE
from service.files.records import FileRecord
from service.files.uploads import ANY, Wanted, already_uploaded, with_time_limit
from service.http.access import as_author, check_room, read_query
from service.http.bodies import READ, json_response
from service.http.credentials import authenticate
from service.identity.addresses import client_address
from service.moderation.actions import Subject
from service.node import Node
from service.sessions import send
from service.sessions.errors import CommandError, banned
from service.sessions.files import begin, media_type, translated

# The path of uploads; downloads are below `/files`.
TICKETS: Final = "/api/files"
_RANGE: Final = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")
_HEADERS: Final = {
    "Accept-Ranges": "bytes",
    # The bytes of an id never change, but a deleted file should leave.
    "Cache-Control": "private, max-age=86400, immutable",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


class LongRequest(Protocol):
    """The connection of a request that may take longer than others."""

    def extend_deadline(self, seconds: float) -> None:
        """Give the request so many seconds from now on."""


class ByteRange(NamedTuple):
    """The part of a file that a request asks for."""

    start: int
    size: int


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node) -> None:
    """Add the routes of files, if the node stores any."""
    if node.files is None:
        return
    upload = partial(_upload, node, node.files)
    app.add_route(upload, f"{TICKETS}/<file_id:str>", methods=["PUT"], stream=True, name="upload")
    post = partial(_post, node, node.files)
    path = "/api/rooms/<name:str>/files"
    app.add_route(post, path, methods=["POST"], stream=True, unquote=True, name="post_file")
    download = partial(_download, node, node.files)
    app.add_route(download, "/files/<file_id:str>/<name:str>", READ, name="download")


async def _upload(node: Node, files: Files, request: Request, *, file_id: str) -> HTTPResponse:
    """Store the file of a ticket."""
    read_query(request)
    with translated(node):
        record = await files.record(file_id)
    if record is None or record.at / 1000 + node.tuning.upload_ticket_seconds < time():
        raise CommandError(
            Code.NOT_KEPT, "No such ticket, or it has expired: ask for another one (`upload`)."
        )
    ban = node.moderation.ban(Subject(record.user_id, client_address(node.addresses, request)))
    if ban is not None:
        raise banned(ban)
    return await _receive(node, files, request, file_id, record)


async def _post(node: Node, files: Files, request: Request, *, name: str) -> HTTPResponse:
    """Store a file for a room, with the API key or a token."""
    identity = authenticate(node, request)
    check_room(name)
    query = read_query(request, "name", "user")
    if identity.kind == "bot":
        identity = as_author(query.get("user", "bot"))
    send.check_writer(node, identity, name)
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise CommandError(Code.INVALID, "No size: send the header Content-Length.")
    wanted = Wanted(query.get("name", ""), int(length), media_type(request.headers.get("content-type")))
    address = client_address(node.addresses, request)
    file_id = await begin(node, identity, address, name, wanted)
    with translated(node):
        record = await files.record(file_id)
    if record is None:
        raise CommandError(Code.UNAVAILABLE, "The storage of files lost the ticket: try again.")
    return await _receive(node, files, request, file_id, record)


async def _receive(
    node: Node, files: Files, request: Request, file_id: str, record: FileRecord
) -> HTTPResponse:
    _extend(node, request, record.size)
    body = cast(Http, request.stream)
    # One byte more, so that our own check says what is wrong.
    body.request_max_size = record.size + 1
    parts = with_time_limit(_parts(body), stall=node.tuning.upload_stall_seconds)
    with translated(node):
        if record.complete:
            raise already_uploaded()
        address = client_address(node.addresses, request)
        complete = await files.uploads.receive(file_id, record, parts, address=address)
    node.metrics.files_uploaded += 1
    return json_response(complete.file(file_id), HTTPStatus.CREATED)


async def _parts(body: Http) -> AsyncIterator[bytes]:
    while (part := await body.read()) is not None:
        yield part


def _extend(node: Node, request: Request, size: int) -> None:
    """Allow the time that a slow client needs for so many bytes."""
    if hasattr(request.protocol, "extend_deadline"):
        seconds = node.tuning.request_seconds + size / node.tuning.upload_bytes_per_second
        cast(LongRequest, request.protocol).extend_deadline(seconds)


async def _download(
    node: Node, files: Files, request: Request, *, file_id: str, name: str
) -> HTTPResponse | None:
    """Send a file, or a part of it. The name in the path is for browsers and readers only."""
    del name
    try:
        record = await files.record(file_id)
    except StoreUnavailable as error:
        return text(f"{error}\n", HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "2"})
    if record is None or not record.complete:
        return text("No such file: it was deleted, or its address is wrong.\n", HTTPStatus.NOT_FOUND)
    return await _send(node, files, request, file_id, record)


async def _send(
    node: Node, files: Files, request: Request, file_id: str, record: FileRecord
) -> HTTPResponse | None:
    headers = _headers(node, file_id, record)
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return HTTPResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    part = _part(request.headers.get("range"), record.size)
    if part is None:
        headers["Content-Range"] = f"bytes */{record.size}"
        return HTTPResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    status = HTTPStatus.OK
    if part.size < record.size:
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {part.start}-{part.start + part.size - 1}/{record.size}"
    headers["Content-Length"] = str(part.size)
    kind = record.type if record.type in INLINE else ANY
    if request.method == "HEAD":
        return HTTPResponse(status=status, headers=headers, content_type=kind)
    _extend(node, request, part.size)
    response = await request.respond(status=status, headers=headers, content_type=kind)
    async for piece in files.read(file_id, part.start, part.size):
        await response.send(piece)
    return None


def _headers(node: Node, file_id: str, record: FileRecord) -> dict[str, str]:
    where = "inline" if record.type in INLINE else "attachment"
    # A page that is hosted elsewhere may show it.
    policy = "cross-origin" if node.settings.origins else "same-origin"
    return _HEADERS | {
        "Content-Disposition": f"{where}; filename*=UTF-8''{quote(record.name, safe='')}",
        "Cross-Origin-Resource-Policy": policy,
        "ETag": f'"{file_id}"',
    }


def _part(header: str | None, size: int) -> ByteRange | None:
    """Read the header Range (RFC 9110, 14.2); None if nothing is in it. Several parts are the whole."""
    found = None if header is None else _RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return ByteRange(0, size)
    if not found[1]:
        last = min(int(found[2]), size)
        return ByteRange(size - last, last) if last else None
    start = int(found[1])
    end = min(int(found[2]), size - 1) if found[2] else size - 1
    if start >= size or end < start:
        return None
    return ByteRange(start, end - start + 1)
