"""Turning an upgrade away for the price of one write, ahead of all that letting one in needs.

In a storm those who are turned away are many times those who are let in. What is met here is the handshake
that browsers and SDKs send (RFC 6455, 4.1), whole in its first segment; anything else takes the long way, and
is told the same there.
"""

from __future__ import annotations

import re
from math import ceil
from typing import Final

from websockets.utils import accept_key

from hubbub_protocol import Close, encode, events
from service.frames import close_frame, text_frame

REASON: Final = "too many come at once; come back later"

_BEGINS: Final = (b"GET /ws HTTP/1.1\r\n", b"GET /ws?")
_ENDS: Final = b"\r\n\r\n"
_KEY: Final = re.compile(rb"\r\nsec-websocket-key:[ \t]*([A-Za-z0-9+/]{22}==)[ \t]*\r\n", re.IGNORECASE)
_VERSION: Final = re.compile(rb"\r\nsec-websocket-version:[ \t]*13[ \t]*\r\n", re.IGNORECASE)
_OURS: Final = re.compile(rb"\r\nsec-websocket-protocol:[ \t]*hubbub\.v1[ \t]*\r\n", re.IGNORECASE)
_HEAD: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Protocol: hubbub.v1\r\n"
    b"Sec-WebSocket-Accept: %b\r\n\r\n"
)
_CLOSE: Final = close_frame(Close.FULL, REASON)


def key_of(head: bytes) -> str | None:
    """Read the key of an upgrade to `hubbub.v1`; None if these bytes are not just that."""
    if not (head.startswith(_BEGINS) and head.endswith(_ENDS)):
        return None
    key = _KEY.search(head)
    if key is None or not _VERSION.search(head) or not _OURS.search(head):
        return None
    return key[1].decode()


def turn_away(key: str, wait: float) -> bytes:
    """Write all that is said to a client that is to come back after `wait` seconds (CL4)."""
    return _HEAD % accept_key(key).encode() + drain_frame(wait) + _CLOSE


def drain_frame(wait: float) -> bytes:
    """Write the event that says when to come back; a part of a millisecond is rounded up."""
    return text_frame(encode(events.Drain(delay=ceil(wait * 1000))))
