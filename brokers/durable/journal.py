"""What the durable broker needs of a durable store. The service hands one in (an archive, adapted)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from brokers.base import Entry, Page, Position


class Write(NamedTuple):
    """An entry that is to be stored, its idempotency key, and the time (ms since 1970)."""

    entry: Entry
    key: str
    at: int


class StoredKey(NamedTuple):
    """An idempotency key, the offset of its entry, and when that was stored (ms since 1970)."""

    key: str
    offset: int
    at: int


class Recalled(NamedTuple):
    """What a journal knows of a room: its last position, and the keys since a time, oldest first."""

    head: Position
    keys: tuple[StoredKey, ...]


class Journal(Protocol):
    """A durable store for one hub.

    Every method raises `Unavailable`, with a sentence for the operator, while the store can't do it.
    """

    @property
    def epoch(self) -> str:
        """The epoch of rooms that have no entry yet; the same for as long as the store exists."""

    def append(self, batch: Sequence[Write]) -> asyncio.Future[None]:
        """Store a batch in one transaction; it is on stable storage when the future has a result.

        An empty batch shows whether the store can be written.
        """

    async def recall(self, room: str, since: int) -> Recalled:
        """Read what is known of a room, with the keys stored since a time (ms since 1970)."""

    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        """Read the last position of each room; an unknown one is at offset 0 of `epoch`."""

    async def erase(self, room: str, epoch: str, offsets: Sequence[int], payload: bytes) -> None:
        """Replace the payloads of entries for good, and forget their keys."""

    async def page(
        self, room: str, epoch: str | None, *, after: int | None, before: int | None, limit: int
    ) -> Page:
        """Read a page of an epoch of the room, by default its newest, as `Broker.history` says."""
