"""The fast path for the frames that clients send most, without the rest of RFC 6455.

It parses a whole text in one frame of a few KiB, a ping, and a pong. Every other frame (a fragment, a close,
a large or an invalid one) goes to `websockets.ServerProtocol` (`service/transport/full_protocol.py`). The
fast path costs less for each frame, and a connection that never needs more has no `ServerProtocol` at all.

Most clients send one text at a time, and it arrives in one piece: `read_whole` parses it without a buffer.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from websockets.frames import apply_mask  # type: ignore[attr-defined] # in C where that was built

# The largest payload on the fast path (bytes).
MAX_PAYLOAD: Final = 4096

_FIN_TEXT: Final = 0x81
_FIN_PING: Final = 0x89
_FIN_PONG: Final = 0x8A
_MASKED: Final = 0x80
_LENGTH_16: Final = 126
_LENGTH_64: Final = 127
_LONG_MASKED: Final = _MASKED + _LENGTH_64
# The header and the mask of the smallest frame.
_MIN_FRAME: Final = 6
_MASK: Final = 4
# The first length of a frame ends here. Two values of it announce a longer one after it (bytes).
_LENGTH_BYTES: Final = 2
_EXTRA_LENGTH: Final = {_LENGTH_16: 2, _LENGTH_64: 8}
# For each first byte on the fast path: the seven bits of the length are below this.
_BELOW: Final = {_FIN_TEXT: _LENGTH_64, _FIN_PING: _LENGTH_16, _FIN_PONG: _LENGTH_16}


class FastFrame(Struct, frozen=True, gc=False):
    """The first frame of some data.

    Attributes:
        text: its text; None for a ping or a pong.
        end: where it ends; 0 if it is incomplete.
        ping: the payload of a ping, to be returned in the pong.
    """

    text: str | None
    end: int
    ping: bytes | None = None


_INCOMPLETE: Final = FastFrame(None, 0)


def read_whole(data: bytes, most: int) -> str | None:
    """Parse data that is one whole text of up to `most` bytes; None if it is anything else."""
    if len(data) < _MIN_FRAME or data[0] != _FIN_TEXT or data[1] == _LONG_MASKED:
        return None
    size, start = data[1] - _MASKED, _MIN_FRAME
    if size == _LENGTH_16:
        size, start = data[2] << 8 | data[3], _MIN_FRAME + 2
    if not len(data) - start == size <= most:
        return None
    try:
        return apply_mask(data[start:], data[start - _MASK : start]).decode()
    except UnicodeDecodeError:
        return None


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
    if data[0] == _FIN_TEXT:
        return FastFrame(apply_mask(data[start:end], data[mask:start]).decode(), end)
    return FastFrame(
        None, end, None if data[0] == _FIN_PONG else apply_mask(data[start:end], data[mask:start])
    )


def frame_size(data: bytearray) -> int:
    """Return the size of the first frame of `data`, with its header; 0 if the header is incomplete."""
    if len(data) < _LENGTH_BYTES:
        return 0
    size = data[1] % _MASKED
    header = _LENGTH_BYTES + _EXTRA_LENGTH.get(size, 0)
    if len(data) < header:
        return 0
    if header > _LENGTH_BYTES:
        size = int.from_bytes(data[_LENGTH_BYTES:header])
    return header + (_MASK if data[1] >= _MASKED else 0) + size


def _may_be_fast(data: bytearray) -> bool:
    """Decide by the first two bytes, as far as they have arrived: a masked text, ping or pong."""
    below = _BELOW.get(data[0], 0)
    return below > 0 if len(data) == 1 else _MASKED <= data[1] < _MASKED + below
