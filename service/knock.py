"""The upgrade that browsers and SDKs send, read and answered without a request's machinery.

What is met here is the handshake of RFC 6455, 4.1, for `hubbub.v1`, as one GET that is whole in its first
segment and leaves nothing to interpret. Anything else goes the long way, through Sanic and `websockets`, and
is told there what is wrong with it.
"""

from __future__ import annotations

import re
from math import ceil
from typing import Final, NamedTuple

from websockets.utils import accept_key

from hubbub_protocol import Close, encode, events
from service.admission import BOOKED
from service.frames import close_frame, text_frame

REASON: Final = "too many come at once; come back later"

_LINE: Final = re.compile(r"GET /ws(?:\?([!-~]*))? HTTP/1\.1")
# What one that comes back at the time that it was told adds to the address (CL4).
_BOOKED: Final = "booked=1"
# One run of each kind, so that no line takes more than one look at each of its characters.
_FIELD: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([ -~\t]*)")
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")
_ENDS: Final = b"\r\n\r\n"
# The longest head (bytes); a longer one is Sanic's to refuse, by the same number.
_MOST: Final = 8192
# What must be there once, and say just this, in these letters.
_EXPECTED: Final = {
    "sec-websocket-version": "13",
    "sec-websocket-protocol": "hubbub.v1",
}
# With these there would be more to read than the head.
_BODY: Final = frozenset({"content-length", "transfer-encoding", "expect"})
_HEAD: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Protocol: hubbub.v1\r\n"
    b"Sec-WebSocket-Accept: %b\r\n\r\n"
)
_CLOSE: Final = close_frame(Close.FULL, REASON)


class Knock(NamedTuple):
    """An upgrade to `hubbub.v1`: its key, where its page is from, and which host it asks.

    `booked`: it says that it was told to come now.
    """

    key: str
    origin: str | None
    host: str
    booked: bool = False


def read(head: bytes) -> Knock | None:
    """Read an upgrade; None if these bytes are not just that."""
    if not (head.startswith(b"GET /ws") and head.endswith(_ENDS) and len(head) <= _MOST and head.isascii()):
        return None
    line, *lines = head[: -len(_ENDS)].decode().split("\r\n")
    fields = _fields(lines)
    asked = _LINE.fullmatch(line)
    if fields is None or asked is None or not _BODY.isdisjoint(fields):
        return None
    if any(fields.get(name) != wanted for name, wanted in _EXPECTED.items()):
        return None
    if fields.get("upgrade", "").lower() != "websocket":
        return None
    tokens = {token.strip() for token in fields.get("connection", "").lower().split(",")}
    key = fields.get("sec-websocket-key", "")
    if "upgrade" not in tokens or not _KEY.fullmatch(key) or not fields.get("host"):
        return None
    return Knock(key, fields.get("origin"), fields["host"], says_booked(asked[1]))


def says_booked(query: str | None) -> bool:
    """Tell whether an address says that its client was told to come now (CL4)."""
    return query is not None and _BOOKED in query.split("&")


def _fields(lines: list[str]) -> dict[str, str] | None:
    """Read the header's fields; None if one is no field, or comes twice."""
    fields: dict[str, str] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            return None
        fields[found[1].lower()] = found[2].strip(" \t")
    return fields if len(fields) == len(lines) else None


def welcome(key: str) -> bytes:
    """Write the answer to an upgrade (RFC 6455, 4.2.2)."""
    return _HEAD % accept_key(key).encode()


def turn_away(key: str, wait: float) -> bytes:
    """Write all that is said to a client that is to come back after `wait` seconds (CL4)."""
    return welcome(key) + drain_frame(wait) + _CLOSE


def drain_frame(wait: float) -> bytes:
    """Write the event that says when to come back; a part of a millisecond is rounded up."""
    return text_frame(encode(events.Drain(delay=ceil(wait * 1000), booked=wait <= BOOKED or None)))
