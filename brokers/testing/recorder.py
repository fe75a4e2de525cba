"""Record what a listener receives, and let a test wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from brokers.base import Broker, Entry, Receipt

PATIENCE: Final = 10.0  # seconds; only a failing test waits that long


@dataclass(slots=True, eq=False)
class Recorder:
    """What a listener received, in order. `react` is called with each entry at once."""

    entries: list[Entry] = field(default_factory=list)
    signals: list[tuple[str, bytes]] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    react: Callable[[Entry], None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def deliver(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._changed.set()
        if self.react:
            self.react(entry)

    def signal(self, room: str, payload: bytes) -> None:
        self.signals.append((room, payload))
        self._changed.set()

    def lost(self, reason: str) -> None:
        assert reason, "the reason of an outage is empty"
        self.states.append("lost")
        self._changed.set()

    def restored(self) -> None:
        self.states.append("restored")
        self._changed.set()

    def payloads(self, room: str) -> list[bytes]:
        """List the payloads delivered for a room."""
        return [entry.payload for entry in self.entries if entry.room == room]

    async def until(self, enough: Callable[[Recorder], bool], *, within: float = PATIENCE) -> None:
        """Wait until `enough` holds; it is checked after each call of the listener."""
        try:
            async with asyncio.timeout(within):
                while not enough(self):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            counts = f"{len(self.entries)} entries, {len(self.signals)} signals, {self.states}"
            raise AssertionError(
                f"not received in time, only {counts}; the last: {self.entries[-3:]}"
            ) from None

    async def count(self, entries: int) -> None:
        """Wait for a number of entries."""
        await self.until(lambda received: len(received.entries) >= entries)


@dataclass(slots=True, eq=False)
class BrokerNode:
    """A started broker, and what its listener received."""

    broker: Broker
    received: Recorder
    _keys: int = 0

    async def send(self, room: str, *payloads: bytes) -> list[Receipt]:
        """Publish payloads under new keys, one after another, and wait for each receipt."""
        return [await self.broker.publish(room, payload, key=self.fresh_key()) for payload in payloads]

    def fresh_key(self) -> str:
        """Generate a key that no node of this test has used."""
        self._keys += 1
        return f"{id(self):x}-{self._keys}"

    async def full_history(self, room: str) -> list[Entry]:
        """Read the whole history of a room, page by page."""
        entries: list[Entry] = []
        while True:
            after = entries[-1].offset if entries else 0
            page = await self.broker.history(room, after=after, limit=100)
            entries += page.entries
            if not page.more:
                return entries


def chained(entries: list[Entry]) -> bool:
    """Return whether each entry names its predecessor."""
    return all(entry.prev == before.offset for before, entry in pairwise(entries))
