"""The opening handshake of RFC 6455, 4.2 on the full path: what is refused, and the text that says why.

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
from websockets.http11 import Request as Asked
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

SWITCHING: Final = 101
UPGRADE_REQUIRED: Final = 426
VERSION: Final = "13"
_HTTP: Final = "1.1"


def accept(request: Request, offer: Sequence[str]) -> tuple[Response, Subprotocol | None]:
    """Give the answer to an upgrade, and the subprotocol that is spoken from then on.

    Raises:
        SanicException: it's no upgrade, or one that the RFC refuses; the text says what was expected.
    """
    _check(request)
    protocol = ServerProtocol(
        subprotocols=[Subprotocol(name) for name in offer], state=OPEN, select_subprotocol=_select
    )
    try:
        asked = Asked(request.path, Headers(request.headers))
    except InvalidHeader as error:
        # It holds bytes that no header may, so the refusal can't quote it.
        raise BadRequest(f"the header {error.name!r} is not valid") from error
    response = protocol.accept(asked)
    if response.status_code != SWITCHING:
        raise SanicException(
            (response.body or b"").decode().strip(),
            status_code=response.status_code,
            quiet=True,
            headers={"Upgrade": "websocket"} if response.status_code == UPGRADE_REQUIRED else {},
        )
    return response, protocol.subprotocol


def check_body(request: Request) -> None:
    """Refuse an upgrade with a body ahead of reading it: what stands behind an upgrade are frames.

    Raises:
        SanicException: it has one.
    """
    headers = request.headers
    if "transfer-encoding" in headers or headers.get("content-length", "0").strip() != "0":
        raise BadRequest("an upgrade has no body")


def _check(request: Request) -> None:
    """See to what `websockets` leaves to the HTTP beneath it (RFC 6455, 4.2.1; RFC 9112, 3.2)."""
    headers = request.headers
    if request.version != _HTTP:
        raise BadRequest("an upgrade is made by HTTP/1.1")
    if len(hosts := headers.getall("host", [])) != 1 or not hosts[0].strip():
        raise BadRequest("an upgrade needs one Host header")
    versions = headers.getall("sec-websocket-version", [])
    if "upgrade" in headers and len(versions) == 1 and versions[0].strip() != VERSION:
        raise SanicException(
            f"version {VERSION} of the websocket protocol is spoken here",
            status_code=UPGRADE_REQUIRED,
            quiet=True,
            headers={"Upgrade": "websocket", "Sec-WebSocket-Version": VERSION},
        )


def _select(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Choose a subprotocol. Without one the connection speaks the plain codec; unknown ones are refused."""
    known = protocol.available_subprotocols or ()
    if not offered:
        return None
    for name in known:
        if name in offered:
            return name
    raise NegotiationError("unknown subprotocol; expected " + " or none, or ".join(known))
