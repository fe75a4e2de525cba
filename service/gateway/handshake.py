"""The handshake that browsers and SDKs send, parsed and answered without an HTTP request.

This is the fast path: the opening handshake of RFC 6455, 4.1, for `hubbub.v1`, as one GET whose head arrives
whole in the first segment and leaves no room for interpretation. Everything else takes the full path through
Sanic and `websockets` (`service/gateway/full_handshake.py`), which also explains what is wrong with it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import ceil
from typing import Final, NamedTuple

from websockets.utils import accept_key

from hubbub_protocol import Close, encode, events
from service.gateway.request_head import MOST_FIELDS
from service.identity.addresses import NOT_FORWARDED, Forwarded
from service.wire.frames import close_frame, text_frame

RATE_EXCEEDED: Final = "connection rate limit exceeded; reconnect later"

_LINE: Final = re.compile(r"GET /ws(?:\?([!-~]*))? HTTP/1\.1")
# A client that was rejected and returns for its slot adds this to the query (CL4).
_BOOKED: Final = "booked=1"
# No two neighbouring parts match the same characters, so a line is matched in linear time.
_FIELD: Final = re.compile(r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([ -~\t]*)\r$", re.MULTILINE)
_KEY: Final = re.compile(rb"\r\n(?i:Sec-WebSocket-Key): ?([A-Za-z0-9+/]{21}[AQgw]==)(?=\r\n)")
_LINE_END: Final = b"\r\n"
_HEAD_END: Final = 2 * _LINE_END
# The longest head (bytes), which is the most that Sanic can be set to. The full path rejects longer ones.
MAX_HEAD: Final = 16_384
# The longest header with a list (characters): thousands of items would take the event loop for 20 ms.
MAX_LIST: Final = 1_024
# A request with one of these fields has a body, or expects one; or it has a second key.
_EXCLUDED: Final = frozenset({"content-length", "transfer-encoding", "expect", "sec-websocket-key"})
# Heads whose contents are remembered, up to this length (bytes).
_MOST_REMEMBERED: Final = 256
_MAX_REMEMBERED: Final = 2_048
_RESPONSE: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Protocol: hubbub.v1\r\n"
    b"Sec-WebSocket-Accept: %b\r\n\r\n"
)
# The first byte of a TLS handshake, which no HTTP request starts with.
TLS_RECORD: Final = b"\x16"
# To a TLS client each reply that isn't TLS means the same.
NO_TLS: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_CLOSE: Final = close_frame(Close.FULL, RATE_EXCEEDED)


class UpgradeRequest(NamedTuple):
    """A valid handshake for `hubbub.v1`.

    Attributes:
        key: the value of Sec-WebSocket-Key.
        origin: the origin of the page; None for programs.
        host: the value of Host.
        booked: the client was rejected before, and returns for its booked slot (CL4).
        forwarded: what a proxy reports of its client, if the request passed one.
    """

    key: str
    origin: str | None
    host: str
    booked: bool = False
    forwarded: Forwarded = NOT_FORWARDED


def read(head: bytes) -> UpgradeRequest | None:
    """Parse a handshake; None if the bytes are anything else."""
    found = _KEY.search(head, 0, MAX_HEAD) if head.startswith(b"GET /ws") else None
    if found is None or len(head) > MAX_HEAD:
        return None
    # All but the key is the same in each handshake of many clients.
    rest = head[: found.start()] + head[found.end() :]
    others = _remembered(rest) if len(rest) <= _MAX_REMEMBERED else _read_others(rest)
    return None if others is None else UpgradeRequest(found[1].decode(), *others)


def _read_others(head: bytes) -> tuple[str | None, str, bool, Forwarded] | None:
    """Parse a handshake without the line of its key: return all but the key."""
    if not (head.endswith(_HEAD_END) and head.isascii()):
        return None
    line, _, lines = head[: -len(_LINE_END)].decode().partition("\r\n")
    fields = _fields(lines)
    request_line = _LINE.fullmatch(line)
    if fields is None or request_line is None or not _EXCLUDED.isdisjoint(fields):
        return None
    if (
        fields.get("sec-websocket-version") != "13"
        or fields.get("sec-websocket-protocol") != "hubbub.v1"
        or fields.get("upgrade", "").lower() != "websocket"
    ):
        return None
    connection = fields.get("connection", "").lower()
    # Programs send only this; browsers send more beside it.
    if connection != "upgrade" and not _has_upgrade(connection):
        return None
    if not fields.get("host"):
        return None
    return fields.get("origin"), fields["host"], has_booked_slot(request_line[1]), _forwarded(fields)


_remembered: Final = lru_cache(maxsize=_MOST_REMEMBERED)(_read_others)


def _has_upgrade(connection: str) -> bool:
    return len(connection) <= MAX_LIST and "upgrade" in {token.strip() for token in connection.split(",")}


def has_booked_slot(query: str | None) -> bool:
    """Return whether a query marks a client that returns for its booked slot (CL4)."""
    return query is not None and _BOOKED in query.split("&")


def _forwarded(fields: dict[str, str]) -> Forwarded:
    by_custom, by_standard = fields.get("x-forwarded-for", ""), fields.get("forwarded", "")
    return Forwarded(by_custom, by_standard) if by_custom or by_standard else NOT_FORWARDED


def _fields(lines: str) -> dict[str, str] | None:
    """Parse the lines of a head but that of the key; None if one is malformed or repeated, or too many."""
    if lines.count("\n") >= MOST_FIELDS:
        return None
    found = _FIELD.findall(lines)
    fields = {name.lower(): value.strip(" \t") for name, value in found}
    return fields if len(fields) == len(found) == lines.count("\n") else None


def response(key: str) -> bytes:
    """Write the response to a handshake (RFC 6455, 4.2.2)."""
    return _RESPONSE % accept_key(key).encode()


def rejection(key: str, wait: float, *, booked: bool) -> bytes:
    """Write the response to a client that may reconnect after `wait` seconds, up to its close frame (CL4)."""
    return response(key) + drain_frame(wait, booked=booked) + _CLOSE


def drain_frame(wait: float, *, booked: bool) -> bytes:
    """Frame the event with the time to reconnect; a part of a millisecond is rounded up."""
    return text_frame(encode(events.Drain(delay=ceil(wait * 1000), booked=booked or None)))
