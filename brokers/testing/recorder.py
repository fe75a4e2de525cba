"""A listener that writes down what it is told, and lets a test wait until it was told enough."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from brokers.base import Broker, Entry, Receipt

PATIENCE: Final = 10.0  # seconds; only a failing test ever waits for so long


@dataclass(slots=True, eq=False)
class Recorder:
    """What a node was told, in the order in which it was told. `react` is called with each entry, at once."""

    entries: list[Entry] = field(default_factory=list)
    signals: list[tuple[str, bytes]] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    react: Callable[[Entry], None] | None = None
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    def deliver(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._told.set()
        if self.react:
            self.react(entry)

    def signal(self, room: str, payload: bytes) -> None:
        self.signals.append((room, payload))
        self._told.set()

    def lost(self, reason: str) -> None:
        assert reason, "an operator wants to know why"
        self.states.append("lost")
        self._told.set()

    def restored(self) -> None:
        self.states.append("restored")
        self._told.set()

    def payloads(self, room: str) -> list[bytes]:
        """List what was delivered of a room."""
        return [entry.payload for entry in self.entries if entry.room == room]

    async def until(self, enough: Callable[[Recorder], bool], *, within: float = PATIENCE) -> None:
        """Wait until `enough` holds; it's asked again each time something is told."""
        try:
            async with asyncio.timeout(within):
                while not enough(self):
                    self._told.clear()
                    await self._told.wait()
        except TimeoutError:
            told = f"{len(self.entries)} entries, {len(self.signals)} signals, {self.states}"
            raise AssertionError(f"not told enough, only {told}; the last: {self.entries[-3:]}") from None

    async def count(self, entries: int) -> None:
        """Wait for so many entries."""
        await self.until(lambda received: len(received.entries) >= entries)


@dataclass(slots=True, eq=False)
class BrokerNode:
    """A started broker, and what it told its listener."""

    broker: Broker
    received: Recorder
    _keys: int = 0

    async def say(self, room: str, *payloads: bytes) -> list[Receipt]:
        """Publish each payload under a key of its own, one after another, and wait for all answers."""
        return [await self.broker.publish(room, payload, key=self.fresh_key()) for payload in payloads]

    def fresh_key(self) -> str:
        """Make a key that no node of this test has used."""
        self._keys += 1
        return f"{id(self):x}-{self._keys}"

    async def all_kept(self, room: str) -> list[Entry]:
        """Read the whole history of a room, page by page."""
        entries: list[Entry] = []
        while True:
            after = entries[-1].offset if entries else 0
            page = await self.broker.history(room, after=after, limit=100)
            entries += page.entries
            if not page.more:
                return entries


def chained(entries: list[Entry]) -> bool:
    """Tell whether each entry names the one before it."""
    return all(entry.prev == before.offset for before, entry in pairwise(entries))
