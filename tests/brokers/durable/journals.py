"""A journal in memory, whose commits a test holds back, fails, or loses the answers of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from brokers.base import Entry, Page, Position
from brokers.durable.journal import Recalled, StoredKey, Write
from brokers.errors import BrokerError, Unavailable


@dataclass
class MemoryJournal:
    """Stores writes by room.

    Attributes:
        batches: what was appended, commit by commit, whether or not it was stored.
        is_held: commits wait for `let_go`.
        error: what commits fail with, and whether their writes are stored all the same.
        unread: what reads fail with.
        loads: rooms that were recalled; while `gate` is closed, that waits.
    """

    epoch: str = "epoch"
    stored: dict[str, list[Write]] = field(default_factory=dict)
    batches: list[list[bytes]] = field(default_factory=list)
    is_held: bool = False
    error: BrokerError | None = None
    stores_anyway: bool = False
    unread: BrokerError | None = None
    loads: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    is_dead: bool = False
    _held: list[tuple[Sequence[Write], asyncio.Future[None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    def append(self, batch: Sequence[Write]) -> asyncio.Future[None]:
        outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.is_dead:
            return outcome
        self.batches.append([write.entry.payload for write in batch])
        self._held.append((batch, outcome))
        if not self.is_held:
            self.let_go()
        return outcome

    def let_go(self) -> None:
        """End the commits that wait."""
        held, self._held = ([] if self.is_dead else self._held), []
        for batch, outcome in held:
            if self.error is None or self.stores_anyway:
                for write in batch:
                    self.stored.setdefault(write.entry.room, []).append(write)
            if self.error is None:
                outcome.set_result(None)
            else:
                outcome.set_exception(self.error)

    def killed(self) -> MemoryJournal:
        """Return the journal of the next process; what this one's process still does has no effect."""
        self.is_dead = True
        return MemoryJournal(stored=self.stored)

    async def recall(self, room: str, since: int) -> Recalled:
        self.loads.append(room)
        await self.gate.wait()
        self._check()
        keys = (StoredKey(write.key, write.entry.offset, write.at) for write in self.stored.get(room, ()))
        return Recalled(self._head(room), tuple(key for key in keys if key.at >= since))

    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        self._check()
        return {room: self._head(room) for room in rooms}

    async def erase(self, room: str, epoch: str, offsets: Sequence[int], payload: bytes) -> None:
        self._check()
        assert epoch == self.epoch
        for index, write in enumerate(self.stored.get(room, ())):
            if write.entry.offset in offsets:
                self.stored[room][index] = write._replace(entry=replace(write.entry, payload=payload), key="")

    async def page(
        self, room: str, epoch: str | None, *, after: int | None, before: int | None, limit: int
    ) -> Page:
        self._check()
        assert epoch in {None, self.epoch}
        entries = [write.entry for write in self.stored.get(room, ())]
        if after is not None:
            found = [entry for entry in entries if entry.offset > after]
            return Page(tuple(found[:limit]), self._head(room), trimmed=False, more=len(found) > limit)
        found = [entry for entry in entries if before is None or entry.offset < before]
        return Page(tuple(found[-limit:]), self._head(room), trimmed=False, more=len(found) > limit)

    def entries(self, room: str) -> list[Entry]:
        """Return what is stored of a room."""
        return [write.entry for write in self.stored.get(room, ())]

    def _head(self, room: str) -> Position:
        stored = self.stored.get(room)
        return Position(self.epoch, stored[-1].entry.offset if stored else 0)

    def _check(self) -> None:
        if self.unread is not None:
            raise self.unread


FULL = Unavailable("The archive can't be written: the disk is full.")
