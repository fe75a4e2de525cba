"""What nodes say to each other through the broker's signals: at most once, stored nowhere."""

from __future__ import annotations

from typing import Final

import msgspec


class _Typing(msgspec.Struct, frozen=True, gc=False, tag_field="signal", tag="typing"):
    user: str


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(_Typing)


def typing_signal(user: str) -> bytes:
    """Write that a user is typing."""
    return _encoder.encode(_Typing(user))


def read_typing(payload: bytes) -> str | None:
    """Read who is typing; None for a signal of another kind, as nodes of a later version may send."""
    try:
        return _decoder.decode(payload).user
    except msgspec.DecodeError:
        return None
