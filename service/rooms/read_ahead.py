"""The changes and replies after a page of history, up to where the room's log begins.

Pages are read one after the other, in either direction. So what was read ahead of one page is kept for the
next one: all pages together read each entry once more, and not each page a whole window.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

from brokers.base import Broker, Entry, Position
from hubbub_protocol import events
from service.rooms.log import RoomLog
from service.rooms.slices import Turn, in_slices, next_turn
from service.wire.messages import decode_change, stored_root

# Entries of one read.
PAGE: Final = 500

_offset: Final = attrgetter("offset")


class Reply(NamedTuple):
    """A reply in the thread of the message at the offset `target`."""

    target: int
    offset: int


Reference: TypeAlias = events.Change | Reply


class ReadAhead:
    """The changes and replies in `(start, end]`, a part of a room ahead of its log.

    It is at most two windows long, and has no entries but these.
    """

    __slots__ = (
        "_broker",
        "_changes",
        "_end",
        "_epoch",
        "_lock",
        "_log",
        "_room",
        "_run",
        "_start",
        "_turn",
        "_window",
    )

    def __init__(
        self, room: str, broker: Broker, log: RoomLog | None, window: int, turn: Turn = next_turn
    ) -> None:
        self._window = window
        self._turn = turn
        self._room = room
        self._broker = broker
        self._log = log
        self._lock = asyncio.Lock()
        self._epoch = ""
        self._start = self._end = 0
        self._changes: list[Reference] = []
        # A log that restarts begins another run: offsets may be used again.
        self._run = None if log is None else log.changes

    async def changes(self, position: Position, targets: Collection[int]) -> list[Reference]:
        """Return what refers to messages after a position, up to the entries of the log.

        Raises:
            BrokerError: the history can't be read now.
        """
        if self.log_continues(position):
            return []
        async with self._lock:
            await self._cover(position)
            start = bisect_right(self._changes, position.offset, key=_offset)
            return [change for change in self._changes[start:] if change.target in targets]

    def log_continues(self, position: Position) -> bool:
        """Return whether the log has everything after a position."""
        return self._log is not None and self._log.reaches(*position)

    async def _cover(self, position: Position) -> None:
        """Make the part begin at a position at the latest, and be as long as a window or reach the log."""
        epoch, after = position
        run = None if self._log is None else self._log.changes
        if (
            epoch != self._epoch
            or run is not self._run
            or not self._start - self._window <= after <= self._end
        ):
            self._restart(position)
        if after < self._start:
            older = await self._read(Position(epoch, after), self._start)
            if older is None:
                self._restart(position)
            else:
                self._changes[:0] = older
                self._start = after
        while self._end < after + self._window and not self.log_continues(Position(epoch, self._end)):
            if not await self._extend():
                break
        self._trim(after)

    def _restart(self, position: Position) -> None:
        self._epoch, self._start = position
        self._end = self._start
        self._changes = []
        self._run = None if self._log is None else self._log.changes

    async def _read(self, position: Position, until: int) -> list[Reference] | None:
        """Read both after a position up to an offset; None if they can't be read in one run."""
        epoch, after = position
        found: list[Reference] = []
        while after < until:
            page = await self._broker.history(self._room, after=after, limit=PAGE)
            if page.head.epoch != epoch or page.trimmed or not page.entries:
                return None
            found += [each for each in await references(page.entries, self._turn) if each.offset <= until]
            after = page.entries[-1].offset
        return found

    async def _extend(self) -> bool:
        """Read one page at the end; return whether there may be more."""
        page = await self._broker.history(self._room, after=self._end, limit=PAGE)
        if page.head.epoch != self._epoch or not page.entries:
            return False
        found = await references(page.entries, self._turn)
        self._changes += found
        self._end = page.entries[-1].offset
        return page.more

    def _trim(self, after: int) -> None:
        """Forget what is further than a window from where the last page ended."""
        start, end = after - self._window, after + self._window
        if self._start < start:
            del self._changes[: bisect_right(self._changes, start, key=_offset)]
            self._start = start
        if self._end > end + PAGE:
            del self._changes[bisect_right(self._changes, end, key=_offset) :]
            self._end = end


async def references(entries: Sequence[Entry], turn: Turn) -> list[Reference]:
    """Find the changes and the replies among entries."""
    return [each async for part in in_slices(entries, turn) for each in _references(part)]


def _references(entries: Iterable[Entry]) -> Iterator[Reference]:
    for entry in entries:
        change = decode_change(entry)
        if change is not None:
            yield change
        elif (root := stored_root(entry.payload)) is not None:
            yield Reply(root, entry.offset)
