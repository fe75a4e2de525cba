"""The states of a client's socket."""

from __future__ import annotations

from enum import Enum, auto


class SocketState(Enum):
    """The states of a socket, from no socket to welcomed."""

    NONE = auto()
    OPENING = auto()
    HANDSHAKE = auto()
    WELCOMED = auto()
