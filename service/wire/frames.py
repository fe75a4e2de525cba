"""Server frames of RFC 6455. They are not masked, so all sockets can share the same `bytes`."""

from __future__ import annotations

from typing import Final

_LENGTH_16: Final = 126
_MIN_64_BIT: Final = 1 << 16
_FIN_TEXT: Final = 0x81

PING: Final = b"\x89\x00"


def text_frame(payload: bytes) -> bytes:
    """Frame one whole text message (RFC 6455, 5.2)."""
    size = len(payload)
    if size < _LENGTH_16:
        return b"%c%c%b" % (_FIN_TEXT, size, payload)
    if size < _MIN_64_BIT:
        return b"\x81\x7e%b%b" % (size.to_bytes(2), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8), payload)


def pong_frame(payload: bytes) -> bytes:
    """Frame the answer to a ping (RFC 6455, 5.5.3). The payload has at most 125 bytes."""
    return b"\x8a%c%b" % (len(payload), payload)


def close_frame(code: int, reason: str) -> bytes:
    """Frame a close (RFC 6455, 5.5.1). The reason has at most 123 bytes."""
    payload = code.to_bytes(2) + reason.encode()
    return b"\x88%c%b" % (len(payload), payload)
