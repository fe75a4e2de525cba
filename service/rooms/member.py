"""A member: one connection in one room, and what fan-out needs of the connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hubbub_protocol import Close
from service.wire.codecs import Codec


class Outlet(Protocol):
    """What fan-out needs of a connection."""

    paused: bool
    write: Callable[[bytes], None]

    def close(self, code: Close, reason: str) -> None:
        """Close it with a code that the client reads."""

    def flush(self) -> None:
        """Write what is queued for the next write, unless there was one since."""


class Delivery(Protocol):
    """What delivers a room's entries to its members: the fan-out."""

    def catch_up(self, member: Member) -> None:
        """Write what a member lacks, while its transport accepts it."""

    def resumed(self, member: Member) -> None:
        """Continue with a member whose transport accepts output again."""

    def is_catching_up(self, member: Member) -> bool:
        """Return whether a member is in the room, and catching up."""


class Member:
    """One connection in one room.

    `cursor` is valid only while the member is catching up: the last offset of `epoch` that was written to it.
    `away` is the state of the connection (PR6).
    """

    __slots__ = (
        "away", "codec", "cursor", "epoch", "fanout", "listed", "live", "outlet", "recovering", "user",
    )  # fmt: skip

    def __init__(
        self,
        outlet: Outlet,
        codec: Codec,
        user: str,
        fanout: Delivery,
        *,
        listed: bool = True,
        away: bool = False,
    ) -> None:
        self.outlet = outlet
        self.codec = codec
        self.user = user
        self.fanout = fanout
        self.listed = listed
        self.away = away
        self.live = False
        self.epoch = ""
        self.cursor = 0
        self.recovering = False
