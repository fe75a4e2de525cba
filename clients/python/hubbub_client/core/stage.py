"""How far a client's socket is, as its core sees it."""

from __future__ import annotations

from enum import Enum, auto


class Socket(Enum):
    """How far the socket is."""

    NONE = auto()
    OPENING = auto()
    GREETING = auto()
    WELCOMED = auto()
