"""Name keys and channels in Redis. No room name acts as a pattern or reaches another room's keys."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote

from redis.crc import key_slot

SLOTS: Final = 16384


def slot_of(name: str | bytes) -> int:
    """Compute the hash slot of a key or channel: of its hash tag, if it has one."""
    return key_slot(name.encode() if isinstance(name, str) else name)


class ScratchKeys(NamedTuple):
    """Keys and a channel for checks, which no room uses; all of them are on one shard."""

    keys: tuple[str, str, str]
    register: str
    channel: str
    sharded: bool

    @classmethod
    def make(cls, prefix: str, *, sharded: bool) -> ScratchKeys:
        """Name them by a prefix of `Keyspace.scratch`; `sharded`: whether to use sharded pub/sub."""
        keys = (f"{prefix}hash", f"{prefix}stream", f"{prefix}key")
        return cls(keys, f"{prefix}rooms", f"{prefix}live", sharded)


class Keyspace:
    """The keys and channels of one installation, under its prefix.

    All keys of a room share a hash tag, so that they live on one shard and one script may access them. The
    tag contains only letters, digits, `_.-~%` and one colon: no brace ends it early, it holds no glob
    character, and it is never empty.

    Pub/sub ignores the database (SELECT), so channel names contain its number.
    """

    __slots__ = ("_database", "_prefix")

    def __init__(self, prefix: str, database: int) -> None:
        self._prefix = quote(prefix, safe="")
        self._database = database

    @property
    def rooms(self) -> str:
        """Name the sorted set of all rooms, scored by their last activity."""
        return f"{self._prefix}:rooms"

    def head(self, room: str) -> str:
        """Name the hash with a room's epoch and counters; it outlives the room's entries."""
        return f"{self._tag(room)}:head"

    def stream(self, room: str) -> str:
        """Name the stream of a room's entries."""
        return f"{self._tag(room)}:entries"

    def key(self, room: str, key: str) -> str:
        """Name the key that marks an idempotency key as used."""
        return f"{self._tag(room)}:key:{key}"

    def channel(self, room: str) -> bytes:
        """Name the pub/sub channel of a room's entries and signals."""
        return f"{self._tag(room)}:{self._database}:live".encode()

    def slot(self, room: str) -> int:
        """Compute the hash slot of a room."""
        return _slot(self._tag(room))

    def probe(self, node: str, number: int) -> bytes:
        """Name a channel that only this node subscribes to. `number` selects its slot."""
        return f"{self._prefix}:probe:{self._database}:{node}:{number}".encode()

    def scratch(self, number: int) -> str:
        """Name the prefix of keys for permission checks; no room uses it. `number` selects its slot."""
        return f"{{{self._prefix}:{number}}}:check:"

    def _tag(self, room: str) -> str:
        return f"{{{self._prefix}:{_quoted(room)}}}"


@lru_cache(maxsize=4096)
def _quoted(room: str) -> str:
    return quote(room, safe="")


@lru_cache(maxsize=4096)
def _slot(tag: str) -> int:
    return slot_of(tag)
