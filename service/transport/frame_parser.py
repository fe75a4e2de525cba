"""The fast path for the frames that clients send most, without the rest of RFC 6455.

It parses a whole text in one frame of a few KiB, and the response to a ping. At the first other frame (a
fragment, another control frame, a large or an invalid one) `WebSocket` hands the connection over to
`websockets.ServerProtocol` for good. The fast path costs less for each message, and a connection that never
needs more has no `ServerProtocol` at all.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from websockets.frames import apply_mask  # type: ignore[attr-defined] # in C where that was built

# The largest payload on the fast path (bytes).
MAX_PAYLOAD: Final = 4096

_FIN_TEXT: Final = 0x81
_FIN_PONG: Final = 0x8A
_MASKED: Final = 0x80
_LENGTH_16: Final = 126
_LENGTH_64: Final = 127
# The header and the mask of the smallest frame.
_MIN_FRAME: Final = 6
_MASK: Final = 4
# For each first byte on the fast path: the seven bits of the length are below this.
_BELOW: Final = {_FIN_TEXT: _LENGTH_64, _FIN_PONG: _LENGTH_16}


class FastFrame(Struct, frozen=True, gc=False):
    """The first frame of some data: its text, None for a pong; and where it ends, 0 if it is incomplete."""

    text: str | None
    end: int


_INCOMPLETE: Final = FastFrame(None, 0)


def read(data: bytearray, most: int) -> FastFrame | None:
    """Parse the first frame of `data`, of up to `most` bytes of payload; None if it needs the full parser.

    Raises:
        UnicodeDecodeError: it is a text that is not UTF-8.
    """
    if len(data) < _MIN_FRAME:
        return _INCOMPLETE if _may_be_fast(data) else None
    if not (_MASKED <= data[1] < _MASKED + _BELOW.get(data[0], 0)):
        return None
    size, mask = data[1] - _MASKED, 2
    if size == _LENGTH_16:
        size, mask = data[2] << 8 | data[3], 4
    if size > most:
        return None
    start = mask + _MASK
    end = start + size
    if len(data) < end:
        return _INCOMPLETE
    text = None if data[0] == _FIN_PONG else apply_mask(data[start:end], data[mask:start]).decode()
    return FastFrame(text, end)


def _may_be_fast(data: bytearray) -> bool:
    """Decide by the first two bytes, as far as they have arrived: a masked text, or a masked pong."""
    below = _BELOW.get(data[0], 0)
    return below > 0 if len(data) == 1 else _MASKED <= data[1] < _MASKED + below
