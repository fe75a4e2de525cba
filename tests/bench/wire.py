"""The bytes of the protocol, encoded and parsed as cheaply as Python can.

Client frames are masked with zeros, which RFC 6455 allows and which the server must unmask all the same.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Final

import msgspec

TEXT: Final = 0x81
PING: Final = 0x89
PONG: Final = 0x8A
_SMALL: Final = 126
_MASKED: Final = 0x80
_MASK: Final = bytes(4)


class Message(msgspec.Struct, frozen=True, gc=False):
    """The fields of a `message` event that show its order and its time."""

    offset: int
    prev: int
    key: str
    text: str


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The used fields of any other event."""

    type: str
    code: str = ""
    message: str = ""
    epoch: str = ""
    recovered: bool = False


read_message: Final = msgspec.json.Decoder(Message).decode
read_answer: Final = msgspec.json.Decoder(Answer).decode


def upgrade(port: int) -> bytes:
    """Return the handshake request."""
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: hubbub.v1\r\n\r\n"
    ).encode()


def command(**fields: object) -> bytes:
    """Return a command as a frame."""
    return client_frame(TEXT, json.dumps(fields, separators=(",", ":")).encode())


def client_frame(opcode: int, payload: bytes) -> bytes:
    """Return a client's frame."""
    size = len(payload)
    if size < _SMALL:
        return b"%c%c%b%b" % (opcode, _MASKED | size, _MASK, payload)
    return b"%c\xfe%b%b%b" % (opcode, size.to_bytes(2), _MASK, payload)


def split(data: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Return the payload and the end of the server's frame at `start`; None if it is incomplete."""
    if len(data) - start < 2:
        return None
    size, head = data[start + 1], start + 2
    if size == _SMALL:
        size, head = int.from_bytes(data[start + 2 : start + 4]), start + 4
    elif size > _SMALL:
        size, head = int.from_bytes(data[start + 2 : start + 10]), start + 10
    return (head, head + size) if head + size <= len(data) else None
