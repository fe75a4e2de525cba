"""What an archive is made from."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRetention:
    """How much of each room is kept. 0 is no bound; the tightest bound wins.

    Attributes:
        entries: entries of one room.
        size: payload bytes of one room, summed.
        age: seconds since an entry was stored.
    """

    entries: int = 0
    size: int = 0
    age: float = 0.0

    @property
    def bounded(self) -> bool:
        """Whether anything is ever trimmed."""
        return bool(self.entries or self.size or self.age)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveOptions:
    """What an archive is made from.

    Attributes:
        url: where it is.
        user, password: who this node is to the archive, instead of user and password in the URL. They are
            taken as they are: no character has a meaning.
        connections: connections that read at the same time, of an archive that has connections.
        retention: how much of each room is kept.
        key_window: seconds for which the keys of trimmed entries are kept.
        timeout: seconds that a read may wait.
        pending: calls that may wait.
        clock: seconds since 1970.
    """

    url: str = field(repr=False)  # it may hold a password
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    connections: int = 4
    retention: ArchiveRetention = field(default_factory=ArchiveRetention)
    key_window: float = 300.0
    timeout: float = 5.0
    pending: int = 1024
    clock: Callable[[], float] = time.time
