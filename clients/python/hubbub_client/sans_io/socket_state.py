"""How far a client's socket is, as its core sees it."""

from __future__ import annotations

from enum import Enum, auto


class SocketState(Enum):
    """How far the socket is."""

    NONE = auto()
    OPENING = auto()
    HANDSHAKE = auto()
    WELCOMED = auto()
