"""The opening handshake of RFC 6455, 4.2, on the full path: validation, and errors that explain a rejection.

It handles every handshake that is not on the fast path (`service/gateway/handshake.py`). `websockets` checks
its own fields; this module checks what RFC 6455 leaves to the HTTP below.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sanic.exceptions import BadRequest, SanicException
from sanic.request import Request
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeader, NegotiationError
from websockets.http11 import Request as HandshakeRequest
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from service.gateway.handshake import MAX_LIST

SWITCHING: Final = 101
UPGRADE_REQUIRED: Final = 426
VERSION: Final = "13"
# An error quotes so many characters of a value.
_MAX_QUOTED: Final = 40
_HTTP: Final = "1.1"
# Headers with lists.
_LISTS: Final = ("connection", "upgrade", "sec-websocket-protocol", "sec-websocket-extensions")


def accept(request: Request, subprotocols: Sequence[str]) -> tuple[Response, Subprotocol | None]:
    """Return the response to a handshake, and the selected subprotocol.

    Raises:
        SanicException: the request is no valid handshake; the text says what was expected.
    """
    _check(request)
    protocol = ServerProtocol(
        subprotocols=[Subprotocol(name) for name in subprotocols], state=OPEN, select_subprotocol=_select
    )
    try:
        handshake = HandshakeRequest(request.path, Headers(request.headers))
    except InvalidHeader as error:
        # The value contains bytes that are not allowed in a header, so the response can't quote it.
        raise BadRequest(f"Invalid header {error.name!r}: contains bytes that are not allowed.") from error
    response = protocol.accept(handshake)
    if response.status_code != SWITCHING:
        raise SanicException(
            (response.body or b"").decode().strip(),
            status_code=response.status_code,
            quiet=True,
            headers={"Upgrade": "websocket"} if response.status_code == UPGRADE_REQUIRED else {},
        )
    return response, protocol.subprotocol


def check_body(request: Request) -> None:
    """Reject a handshake with a body before the body is read: the bytes after a handshake are frames.

    Raises:
        SanicException: the handshake has a body.
    """
    headers = request.headers
    if "transfer-encoding" in headers or headers.get("content-length", "0").strip() != "0":
        raise BadRequest("Invalid websocket handshake: it must not have a body.")


def _check(request: Request) -> None:
    """Check what `websockets` leaves to the HTTP below it (RFC 6455, 4.2.1; RFC 9112, 3.2)."""
    headers = request.headers
    if request.version != _HTTP:
        raise BadRequest(f"Invalid websocket handshake: HTTP/1.1 is required, not HTTP/{request.version}.")
    if len(hosts := headers.getall("host", [])) != 1 or not hosts[0].strip():
        raise BadRequest("Invalid websocket handshake: exactly one Host header is required.")
    for name in _LISTS:
        if sum(map(len, headers.getall(name, []))) > MAX_LIST:
            raise BadRequest(f"Invalid websocket handshake: {name} has more than {MAX_LIST:,} characters.")
    versions = headers.getall("sec-websocket-version", [])
    if "upgrade" in headers and len(versions) == 1 and versions[0].strip() != VERSION:
        raise SanicException(
            f"Unsupported websocket version {versions[0][:_MAX_QUOTED]!r}: version {VERSION} is supported.",
            status_code=UPGRADE_REQUIRED,
            quiet=True,
            headers={"Upgrade": "websocket", "Sec-WebSocket-Version": VERSION},
        )


def _select(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Select a subprotocol. Without one the connection uses the plain codec; unknown ones are rejected."""
    known = protocol.available_subprotocols or ()
    if not offered:
        return None
    for name in known:
        if name in offered:
            return name
    raise NegotiationError(f"Unsupported subprotocol: {' or '.join(known)} is supported, or none.")
