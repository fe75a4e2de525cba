"""What rooms are called in Redis. Every room is data: no name is a pattern, none reaches another's keys."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import quote

from redis.crc import key_slot

SLOTS: Final = 16384


def slot_of(name: str | bytes) -> int:
    """Compute the hash slot of a key or channel: of its hash tag, if it has one."""
    return key_slot(name.encode() if isinstance(name, str) else name)


class Keyspace:
    """The keys and channels of one hubbub.

    All keys of a room share a hash tag, so that they live on one shard of a cluster and one script may touch
    them. Within the tag there is nothing but letters, digits, `_.-~%` and one colon: no brace can end it
    early, no glob character is left, and it's never empty.

    Channels know no databases (SELECT), so the database stands in their names.
    """

    __slots__ = ("_database", "_prefix")

    def __init__(self, prefix: str, database: int) -> None:
        self._prefix = quote(prefix, safe="")
        self._database = database

    @property
    def rooms(self) -> str:
        """Name the sorted set of all rooms, by when something last happened in them."""
        return f"{self._prefix}:rooms"

    def head(self, room: str) -> str:
        """Name the hash that outlives a room's entries: its epoch and counters."""
        return f"{self._tag(room)}:head"

    def stream(self, room: str) -> str:
        """Name the stream of a room's entries."""
        return f"{self._tag(room)}:entries"

    def key(self, room: str, key: str) -> str:
        """Name where it's remembered that something was stored under `key`."""
        return f"{self._tag(room)}:key:{key}"

    def channel(self, room: str) -> bytes:
        """Name the channel on which a room's entries and signals go."""
        return f"{self._tag(room)}:{self._database}:live".encode()

    def slot(self, room: str) -> int:
        """Tell where in a cluster a room lives."""
        return _slot(self._tag(room))

    def probe(self, node: str, number: int) -> bytes:
        """Name a channel on which only this node listens. The number chooses its slot."""
        return f"{self._prefix}:probe:{self._database}:{node}:{number}".encode()

    def scratch(self, number: int) -> str:
        """Name what keys are tried out under; no room's begin so. The number chooses their slot."""
        return f"{{{self._prefix}:{number}}}:check:"

    def _tag(self, room: str) -> str:
        return f"{{{self._prefix}:{_quoted(room)}}}"


@lru_cache(maxsize=4096)
def _quoted(room: str) -> str:
    return quote(room, safe="")


@lru_cache(maxsize=4096)
def _slot(tag: str) -> int:
    return slot_of(tag)
