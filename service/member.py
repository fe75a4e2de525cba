"""A member: one connection in one room, and what fan-out needs of the connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from hubbub_protocol import Close
from service.codecs import Codec

if TYPE_CHECKING:
    from service.fanout import Fanout


class Outlet(Protocol):
    """What fan-out needs of a connection."""

    paused: bool
    write: Callable[[bytes], None]

    def close(self, code: Close, reason: str) -> None:
        """Close it with a code that the client reads."""

    def release(self) -> None:
        """Write what it holds for the next write, if there was none since."""


class Member:
    """One connection in one room.

    `cursor` counts only while it's behind: what it was given so far, of `epoch`.
    """

    __slots__ = ("codec", "cursor", "epoch", "fanout", "live", "outlet", "recovering", "user")

    def __init__(self, outlet: Outlet, codec: Codec, user: str, fanout: Fanout) -> None:
        self.outlet = outlet
        self.codec = codec
        self.user = user
        self.fanout = fanout
        self.live = False
        self.epoch = ""
        self.cursor = 0
        self.recovering = False
