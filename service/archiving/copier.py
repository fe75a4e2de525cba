"""Copy to the archive what the broker stores, off the path of messages.

Each node copies the rooms that it publishes in. Any node may copy any room, because appending is idempotent:
so after a crash the next node that publishes in a room or opens it, or a sweep, copies what is missing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from time import monotonic, perf_counter, time
from typing import Final, Protocol

from archive.base import Archive, ArchivedEntry
from archive.errors import ArchiveConflict, ArchiveError
from brokers.base import Broker, Entry, Position
from service.archiving.chains import along, gap, is_ahead, missing
from service.archiving.copy_queue import CopyQueue
from service.archiving.disputes import Disputes
from service.archiving.entries import archived
from service.archiving.labels import label_of
from service.runtime.metrics import Metrics
from service.settings.tuning import Tuning
from service.wire.messages import sent_at

BATCH_ENTRIES: Final = 1_000
BATCH_BYTES: Final = 4 * 1024 * 1024
# Bursts until the broker trims: after one the next turn begins at once.
BURSTS: Final = 8
# Shares of what the broker keeps of a room: one may wait to be copied. Publishes that are under way when a
# check begins, and those of other nodes, have the rest.
SHARES: Final = 4
# Seconds between two turns while messages wait: for what this node has not received yet.
_CROWDED: Final = 0.01
# Later than any clock: an unreadable payload has no time of its own.
_NEVER: Final = 2**53

_log: Final = logging.getLogger(__name__)


class OpenRooms(Protocol):
    """The rooms that are open on this node, whose last entries are in memory."""

    def names(self) -> Sequence[str]:
        """Return their names."""

    def position(self, room: str) -> Position | None:
        """Return the position of the last entry that this node received; None if the room isn't open."""

    def entries_after(self, room: str, position: Position, limit: int) -> Sequence[Entry] | None:
        """Return what follows a position; None if memory doesn't reach back to it."""


class Copier:
    """Copies entries from one broker to one archive."""

    def __init__(self, broker: Broker, archive: Archive, tuning: Tuning) -> None:
        self._broker = broker
        self._archive = archive
        self._tuning = tuning
        self._open: OpenRooms | None = None
        self._metrics = Metrics()
        self._urgent = asyncio.Event()
        retention = broker.options.retention
        self._queue = CopyQueue(
            tuning.archive_rooms,
            broker.options.timeout,
            burst=max(1, retention.entries // BURSTS),
            places=max(1, retention.entries // SHARES),
            entry_bytes=retention.size // retention.entries,
            urge=self._urgent.set,
        )
        self._disputes = Disputes(broker, archive, tuning)
        self._progressed: Callable[[], None] = lambda: None
        self._archived: dict[str, Position] = {}
        self._swept: str | None = None
        self.mark: Callable[[str, int], None] = self._queue.mark
        self.has_place: Callable[[str], bool] = self._queue.has_place

    def use(
        self, metrics: Metrics, open_rooms: OpenRooms, progressed: Callable[[], None] = lambda: None
    ) -> None:
        """Count in these metrics, and read from the memory of this node where that is possible.

        `progressed` is called when a room may have place again.
        """
        self._metrics = self._disputes.metrics = metrics
        self._open = open_rooms
        self._progressed = progressed

    def sample(self) -> Mapping[str, float]:
        """Read the gauges."""
        return {
            "archive_lag_seconds": self._queue.lag(monotonic()),
            "archive_rooms_pending": float(self._queue.pending),
        }

    async def rest(self, seconds: float) -> None:
        """Wait for the next turn: less if many messages were published in one room, or wait for it."""
        if self._queue.crowded:
            await asyncio.sleep(min(seconds, _CROWDED))
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._urgent.wait()
        self._urgent.clear()

    async def turn(self) -> None:
        """Copy what is missing in the marked rooms, up to a number of batches.

        Raises:
            BrokerError, ArchiveError: one of them can't be reached now; the rooms stay marked.
        """
        now = monotonic()
        due, most = self._queue.due(now), self._tuning.archive_heads
        for start in range(0, len(due), most):
            await self._check(due[start : start + most], now)
        self._progressed()

    def report(self, *, works: bool) -> None:
        """Note whether copying works now: while it doesn't, no message waits for it."""
        self._queue.copying = works
        if not works:
            self._progressed()

    async def sweep(self) -> None:
        """Mark the open rooms, and some archived ones, in which something is missing. Raises as `turn`."""
        most = self._tuning.archive_heads
        names = await self._archive.rooms(after=self._swept, limit=most)
        self._swept = names[-1] if len(names) == most else None
        rooms = list(dict.fromkeys([*names, *(self._open.names() if self._open else ())]))
        for start in range(0, len(rooms), most):
            some = rooms[start : start + most]
            for room in some:
                # Another node may have changed the end of it since.
                self._archived.pop(room, None)
            missed, ahead = await self._compare(some)
            for room in (*missed, *ahead):
                self._queue.mark(room, 0)

    async def _check(self, rooms: Sequence[str], now: float) -> None:
        incomplete, ahead = await self._compare(rooms)
        disputed = [room for room in rooms if room in ahead or room in self._disputes]
        settled = [room for room in disputed if await self._disputes.settle(room)]
        if disputed:
            again, _ = await self._compare(settled)
            incomplete = {room: at for room, at in incomplete.items() if room not in self._disputes} | again
        unfinished = {*incomplete, *disputed} - ({*settled} - {*incomplete})
        self._queue.found_incomplete(unfinished, now)
        self._found_complete([room for room in rooms if room not in unfinished], now)
        for _ in range(self._tuning.archive_batches):
            if not incomplete:
                return
            self._found_complete(await self._copy_batch(incomplete), now)

    def _found_complete(self, rooms: Sequence[str], now: float) -> None:
        self._queue.found_complete(rooms, now)
        for room in rooms:
            self._disputes.discard(room)

    async def _compare(self, rooms: Sequence[str]) -> tuple[dict[str, Position], set[str]]:
        """Find the rooms in which entries are missing, after which position, and those with lost ones."""
        heads = await self._heads(rooms)
        unsure = [room for room in rooms if heads[room] != self._archived.get(room)]
        stored = await self._archive.heads(unsure) if unsure else {}
        found = {room: missing(stored.get(room), heads[room]) for room in unsure}
        suspects = [room for room in unsure if is_ahead(stored.get(room), heads[room])]
        # Another node may have received and copied more.
        asked = await self._broker.heads(suspects) if suspects else {}
        ahead = {room for room in suspects if is_ahead(stored[room], asked[room])}
        return {room: start for room, start in found.items() if start is not None}, ahead

    async def _heads(self, rooms: Sequence[str]) -> dict[str, Position]:
        known = {room: self._position(room) for room in rooms}
        heads = {room: position for room, position in known.items() if position is not None}
        others = [room for room in rooms if room not in heads]
        return heads | (await self._broker.heads(others) if others else {})

    def _position(self, room: str) -> Position | None:
        """Return the position in the memory of this node, which may have what was lost."""
        return self._open.position(room) if self._open and room not in self._disputes else None

    async def _copy_batch(self, incomplete: dict[str, Position]) -> list[str]:
        """Copy one page of as many rooms as fit; return the complete ones, which leave `incomplete`."""
        batch: list[Entry] = []
        ends: dict[str, Position | None] = {}
        copied: dict[str, tuple[int, int]] = {}
        size = 0
        # Alone, a room has the whole batch: it may be one that is published in faster than others.
        limit = BATCH_ENTRIES if len(incomplete) == 1 else self._tuning.archive_page
        for room, start in incomplete.items():
            entries, is_end = await self._read(room, start, limit)
            if entries and entries[0].prev > start.offset:
                self._queue.skipped(room)
                self._report_gap(room, start, entries)
            batch += along(entries)
            copied[room] = _count(entries, start)
            size += copied[room][1]
            ends[room] = None if is_end else Position(entries[-1].epoch, entries[-1].offset)
            if len(batch) >= BATCH_ENTRIES or size >= BATCH_BYTES:
                break
        refused = await self._append(batch)
        for room in ends:
            del incomplete[room]
        stored = {room: end for room, end in ends.items() if room not in refused}
        for room in stored:
            self._queue.copied(room, *copied[room])
        # After the others: each room has its turn.
        incomplete |= {room: end for room, end in stored.items() if end is not None}
        self._progressed()
        return [room for room, end in stored.items() if end is None]

    async def _read(self, room: str, start: Position, limit: int) -> tuple[Sequence[Entry], bool]:
        """Read the next entries, and whether they are the last ones.

        They begin with the one that the archive has last: it refuses another one at that position.
        """
        after = start.offset
        is_disputed = room in self._disputes
        if after and not is_disputed:
            after, limit = after - 1, limit + 1
        if self._open and not is_disputed:
            held = self._open.entries_after(room, Position(start.epoch, after), limit)
            if held is not None:
                return held, len(held) < limit
        page = await self._broker.history(room, after=after, limit=limit)
        if page.head.epoch != start.epoch:
            # Another epoch has begun since: the next turn copies it from its beginning.
            return (), True
        return page.entries, not (page.more and page.entries)

    def _report_gap(self, room: str, start: Position, entries: Sequence[Entry]) -> None:
        found = gap(start, entries)
        if found is not None:
            self._metrics.archive_gaps += 1
            _log.warning(
                "archive_gap",
                extra={"room": room, "epoch": start.epoch, "after": found.after, "through": found.through},
            )

    async def _append(self, batch: Sequence[Entry]) -> set[str]:
        """Store a batch; return the rooms of which the archive refused it."""
        if not batch:
            return set()
        try:
            await self._append_counted(batch)
        except ArchiveConflict:
            # One room must not hold up the others.
            rooms = dict.fromkeys(entry.room for entry in batch)
            parts = {room: [entry for entry in batch if entry.room == room] for room in rooms}
            return {room for room, part in parts.items() if not await self._append_room(room, part)}
        return set()

    async def _append_room(self, room: str, batch: Sequence[Entry]) -> bool:
        try:
            await self._append_counted(batch)
        except ArchiveConflict as error:
            if room not in self._disputes:
                self._disputes.add(room)
                return False
            # Not even what the broker has now fits: only the operator can find out why.
            self._disputes.discard(room)
            self._queue.drop(room)
            _log.error("archive_conflict", extra={"room": room, "reason": str(error)})
            return False
        return True

    async def _append_counted(self, batch: Sequence[Entry]) -> None:
        metrics, started = self._metrics, perf_counter()
        try:
            await self._archive.append([_copied(entry) for entry in batch])
        except ArchiveError as error:
            metrics.archive_failures.add(label_of(error))
            raise
        metrics.archive_commits += 1
        metrics.archive_commit_entries.observe(len(batch))
        metrics.archive_commit_seconds.observe(perf_counter() - started)
        self._remember(batch)

    def _remember(self, batch: Iterable[Entry]) -> None:
        if len(self._archived) >= 2 * self._tuning.archive_heads:
            self._archived.clear()
        for entry in batch:
            self._archived[entry.room] = Position(entry.epoch, entry.offset)


def _count(entries: Iterable[Entry], start: Position) -> tuple[int, int]:
    """Return the number and the bytes of what is after a position."""
    sizes = [len(entry.payload) for entry in entries if entry.offset > start.offset]
    return len(sizes), sum(sizes)


def _copied(entry: Entry) -> ArchivedEntry:
    """Make the archived form of an entry: the same on every node, so that appending again changes nothing."""
    at = sent_at(entry.payload)
    # The broker keeps the idempotency keys.
    return archived(entry, "", int(time() * 1000) if at > _NEVER else at)
