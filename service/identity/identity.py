"""The identity behind a connection or a request: a user, and the rooms that the user may read and write."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

_SCOPE_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class RoomSet:
    """A set of rooms, by names and by prefixes of names. The empty prefix matches all rooms."""

    names: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    def __contains__(self, room: str) -> bool:
        return room in self.names or room.startswith(self.prefixes)


ALL_ROOMS: Final = RoomSet(prefixes=("",))


@dataclass(frozen=True, slots=True)
class Identity:
    """A user with rights.

    Attributes:
        user: the display name.
        scope: the namespace of the user's idempotency keys; two users never share one, also under one name.
        reads: the rooms with read permission.
        writes: the rooms with write permission.
        expires: when the token expires, in seconds since 1970; None for guests.
    """

    user: str
    scope: str
    reads: RoomSet = ALL_ROOMS
    writes: RoomSet = ALL_ROOMS
    expires: float | None = None

    @property
    def is_guest(self) -> bool:
        """Whether the user has no token."""
        return self.expires is None

    def may_read(self, room: str) -> bool:
        """Return whether the user may join a room."""
        return room in self.reads

    def may_write(self, room: str) -> bool:
        """Return whether the user may send to a room."""
        return room in self.writes


def guest(user: str, session: str) -> Identity:
    """Return the identity of a guest: all rooms are allowed, and the session proves it on every node."""
    digest = hashlib.sha256(session.encode()).hexdigest()[:_SCOPE_DIGITS]
    return Identity(user=user, scope=f"g:{digest}")
