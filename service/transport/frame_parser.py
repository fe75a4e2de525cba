"""The frames that clients send nearly all the time, read without the whole of RFC 6455.

A whole text in one frame of a few KiB, and the answer to a ping. Everything else (fragments, control frames,
large frames, faults) is for `websockets.ServerProtocol`, which `Link` hands a connection over to at the first
such frame. It costs less than that for each message, and nothing for connections that never need more.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from websockets.frames import apply_mask  # type: ignore[attr-defined] # in C where that was built

# The largest payload that is waited for here (bytes).
MOST: Final = 4096

_FIN_TEXT: Final = 0x81
_FIN_PONG: Final = 0x8A
_MASKED: Final = 0x80
_MEDIUM: Final = 126
_LARGE: Final = 127
# An ordinary frame's header and mask.
_SHORTEST: Final = 6
_MASK: Final = 4
# Of each ordinary kind: what its seven bits of length stay below.
_BELOW: Final = {_FIN_TEXT: _LARGE, _FIN_PONG: _MEDIUM}


class Ordinary(Struct, frozen=True, gc=False):
    """The frame that came first: its text, None for a pong, and where it ends; 0 if it's still on its way."""

    text: str | None
    end: int


_INCOMPLETE: Final = Ordinary(None, 0)


def read(data: bytearray, most: int) -> Ordinary | None:
    """Read the frame that `data` begins with, of up to `most` bytes of payload; None if it's no ordinary one.

    Raises:
        UnicodeDecodeError: it's a text that isn't UTF-8.
    """
    if len(data) < _SHORTEST:
        return _INCOMPLETE if _may_be_ordinary(data) else None
    if not (_MASKED <= data[1] < _MASKED + _BELOW.get(data[0], 0)):
        return None
    size, mask = data[1] - _MASKED, 2
    if size == _MEDIUM:
        size, mask = data[2] << 8 | data[3], 4
    if size > most:
        return None
    start = mask + _MASK
    end = start + size
    if len(data) < end:
        return _INCOMPLETE
    text = None if data[0] == _FIN_PONG else apply_mask(data[start:end], data[mask:start]).decode()
    return Ordinary(text, end)


def _may_be_ordinary(data: bytearray) -> bool:
    """Tell by the first two bytes, as far as they are here: a masked text, or a masked pong."""
    below = _BELOW.get(data[0], 0)
    return below > 0 if len(data) == 1 else _MASKED <= data[1] < _MASKED + below
