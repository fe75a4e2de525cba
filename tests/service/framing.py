"""Client frames of RFC 6455, valid or invalid, and a reader of server frames."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

MASK = b"\x13\x57\x9b\xdf"


class Op(IntEnum):
    """The opcodes of RFC 6455, 5.2."""

    CONT = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class Frame(NamedTuple):
    """One frame that the server wrote."""

    op: Op
    fin: bool
    data: bytes

    @property
    def code(self) -> int:
        """The code of a close frame; 1005 if it has none."""
        return int.from_bytes(self.data[:2]) if self.data else 1005


def frame(
    data: bytes | str = b"",
    op: int = Op.TEXT,
    *,
    fin: bool = True,
    reserved: int = 0,
    masked: bool = True,
    size: int | None = None,
) -> bytes:
    """Make a frame; `size` replaces the true length in its header."""
    data = data.encode() if isinstance(data, str) else data
    size = len(data) if size is None else size
    first = (0x80 if fin else 0) | reserved << 4 | op
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head = bytes([first, mask_bit | size])
    elif size < 1 << 16:
        head = bytes([first, mask_bit | 126]) + size.to_bytes(2)
    else:
        head = bytes([first, mask_bit | 127]) + size.to_bytes(8)
    if not masked:
        return head + data
    mask = (MASK * (len(data) // 4 + 1))[: len(data)]
    return head + MASK + (int.from_bytes(data) ^ int.from_bytes(mask)).to_bytes(len(data))


def close_frame(code: int | None = 1000, reason: str = "") -> bytes:
    """Make a close frame; it is empty without a code."""
    return frame(b"" if code is None else code.to_bytes(2) + reason.encode(), Op.CLOSE)


class FrameReader:
    """Parses the bytes of a server to frames. A violation of the RFC raises `ValueError`."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def next(self) -> Frame | None:
        """Return the next complete frame."""
        buffer = self.buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if buffer[1] & 0x80 or buffer[0] & 0x70:
            raise ValueError(f"masked, or reserved bits: {bytes(buffer[:2])!r}")
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start])
        if len(buffer) < start + size:
            return None
        found = Frame(Op(buffer[0] & 0x0F), bool(buffer[0] & 0x80), bytes(buffer[start : start + size]))
        del buffer[: start + size]
        return found
