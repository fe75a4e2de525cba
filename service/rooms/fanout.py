"""Fan-out of one room: a shared log, flushed at its own pace.

A flush writes the room, not a single message: it joins the frames since the last flush into one block and
writes it to every live member. A thousand messages to a thousand members are a thousand writes.

An idle room is flushed in the loop's next turn. A busy room pauses for up to as long as its last flush took,
system calls included (`service/rooms/flush_pace.py`). Walks over large rooms are cut into slices, so that
pings, joins and other rooms have their turn in between.

A member is *live* (part of the flush) or *catching up*. It is catching up when its transport is above the
high-water mark (a slow consumer), and when it joins. `catch_up` writes what it lacks, from the log, or from
history where the log doesn't reach.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from itertools import islice
from typing import Final

from brokers.base import Entry
from service.rooms.flush_pace import FlushPace
from service.rooms.log import RoomLog
from service.rooms.member import Member, Outlet
from service.runtime.metrics import Metrics
from service.wire.codecs import Codec

# Members of a slice of a walk; fewer, if the block is so large that they would receive more bytes.
SLICE: Final = 512
SLICE_BYTES: Final = 1024 * 1024
CATCH_UP_BYTES: Final = 64 * 1024


class Fanout:
    """The members of one room on this node, and the block that is written to them next."""

    __slots__ = (
        "_block_entries", "_block_start", "_blocks", "_catching_up", "_caught_up", "_handle", "_live", "_log",
        "_loop", "_max_bytes", "_max_entries", "_metrics", "_pace", "_pending", "_pending_bytes",
        "_pending_entries", "_queued", "_recover", "_slice", "_walk", "flushed",
    )  # fmt: skip

    def __init__(
        self,
        log: RoomLog,
        metrics: Metrics,
        *,
        recover: Callable[[Member], None],
        caught_up: Callable[[Member], None],
    ) -> None:
        """Fan out the entries of `log`.

        `recover` is called for a member whose cursor the log doesn't reach, `caught_up` for one that is live
        again.
        """
        self._loop = asyncio.get_running_loop()
        self._log = log
        self._metrics = metrics
        # Pending entries must still be in the log, for members that join.
        self._max_bytes, self._max_entries = log.max_bytes // 2, log.max_entries // 2
        self._recover = recover
        self._caught_up = caught_up
        self._live: dict[Codec, dict[Member, None]] = {}
        self._catching_up: dict[Member, None] = {}
        self._pending: dict[Codec, list[bytes]] = {}
        self._pending_bytes = self._pending_entries = 0
        self._blocks: dict[Codec, bytes] = {}
        self._block_entries = self._block_start = 0
        self._walk, self._slice = list[Member](), SLICE
        # Outlets with queued bytes; the write of the next flush includes them.
        self._queued: list[Outlet] = []
        self._handle: asyncio.Handle | None = None
        self._pace = FlushPace()
        self.flushed = log.end

    def __len__(self) -> int:
        return len(self._catching_up) + sum(map(len, self._live.values()))

    @property
    def catching_up(self) -> int:
        """The number of members that are catching up."""
        return len(self._catching_up)

    def append(self, entry: Entry) -> None:
        """Append the room's next entry, and schedule a flush."""
        self._log.append(entry)
        for codec, frames in self._pending.items():
            frames.append(self._log.frames[codec][-1])
        self._pending_entries += 1
        self._pending_bytes += len(entry.payload)
        if self._pending_bytes > self._max_bytes or self._pending_entries > self._max_entries:
            self._flush_early()
        elif self._handle is None:
            self._schedule()

    def add(self, member: Member, epoch: str, cursor: int) -> None:
        """Add a member that has everything up to `cursor`, and write what it lacks."""
        if member.codec not in self._live:
            self._log.use(member.codec)
            self._live[member.codec] = {}
            self._pending[member.codec] = []
            self._refill(member.codec)
        member.epoch, member.cursor = epoch, cursor
        self._catching_up[member] = None
        self.catch_up(member)

    def remove(self, member: Member) -> None:
        """Remove a member."""
        member.live = False
        self._catching_up.pop(member, None)
        live = self._live.get(member.codec)
        if live is None:
            return
        live.pop(member, None)
        if not live and not any(other.codec is member.codec for other in self._catching_up):
            del self._live[member.codec], self._pending[member.codec]
            self._log.drop(member.codec)

    def catch_up(self, member: Member) -> None:
        """Write what a member lacks while its transport accepts it; then the member is live."""
        if member not in self._catching_up or member.recovering:
            return
        log = self._log
        while member.epoch != log.epoch or member.cursor < self.flushed:
            if member.outlet.paused:
                return
            if not log.reaches(member.epoch, member.cursor):
                self._recover(member)
                return
            frames, member.cursor = log.chunk(member.codec, member.cursor, self.flushed, CATCH_UP_BYTES)
            block = b"".join(frames)
            if block:
                member.outlet.write(block)
            self._metrics.bytes_out += len(block)
            self._metrics.catchups.add("log")
            self._metrics.deliveries += len(frames)
        if member.cursor == self.flushed and not member.outlet.paused:
            del self._catching_up[member]
            member.live = True
            self._live[member.codec][member] = None
            self._caught_up(member)

    def flush_soon(self, outlet: Outlet) -> None:
        """Flush an outlet's queue with the next flush of the room, or in the next turn of the loop."""
        if self._handle is None:
            self._loop.call_soon(outlet.flush)
        else:
            self._queued.append(outlet)

    def is_catching_up(self, member: Member) -> bool:
        """Return whether a member is in the room and catching up."""
        return member in self._catching_up

    def resumed(self, member: Member) -> None:
        """Continue with a member whose transport accepts output again."""
        if member.live:
            # It may have missed a broadcast, which isn't stored.
            self._caught_up(member)
        else:
            self.catch_up(member)

    def members(self, codec: Codec) -> list[Member]:
        """Return the members of a codec, including those that are catching up."""
        others = (member for member in self._catching_up if member.codec is codec)
        return [*self._live.get(codec, ()), *others]

    def live(self) -> list[Member]:
        """Return the live members."""
        return [member for live in self._live.values() for member in live]

    def flush_now(self) -> None:
        """Finish the walk under way and flush what is pending, without yielding to the loop."""
        self._cancel()
        self._step(len(self._walk))
        if self._pending_entries:
            self._begin()
            self._step(len(self._walk))
        self._after_walk()

    def restart(self, epoch: str, offset: int, head: int = 0) -> None:
        """Continue after a gap, at a position where the log restarts; the room reaches up to `head`."""
        self.flush_now()
        for member in self.live():
            if member.outlet.paused:
                # A reset can't be written to it now: its catch-up sends one, at its own position.
                self._fall_behind(member, self._log.epoch, self.flushed)
        self._log.restart(epoch, offset)
        self.flushed = offset
        for member in self._catching_up:
            # A member that resumed from another node may be ahead of this one: it has lost nothing.
            # Beyond the head its entries are no longer part of the room: only history knows where to resume.
            if member.cursor > max(offset, head):
                member.epoch = ""

    def close(self) -> None:
        """Stop flushing, and break the reference cycle with the room."""
        self._cancel()
        self._walk.clear()
        self._flush_queued()
        self._caught_up = lambda _: None

    # The flush, step by step ----------------------------------------------------------------------

    def _schedule(self) -> None:
        wait = self._pace.wait()
        self._handle = self._loop.call_later(wait, self._flush) if wait else self._loop.call_soon(self._flush)

    def _flush_early(self) -> None:
        """Flush what is pending in slices, from now on. A walk that is under way is finished at once."""
        self._cancel()
        self._step(len(self._walk))
        self._flush()

    def _flush(self) -> None:
        self._begin()
        self._write_slice()

    def _begin(self) -> None:
        """Join what is pending into one block for each codec, and list the members to write it to."""
        self._pace.begin()
        metrics, entries, largest = self._metrics, self._pending_entries, 0
        metrics.flushes += 1
        metrics.flush_entries.observe(entries)
        self._block_entries, self._pending_entries, self._pending_bytes = entries, 0, 0
        blocks = self._blocks = {}
        for codec, frames in self._pending.items():
            blocks[codec] = block = b"".join(frames)
            frames.clear()
            live, size = self._live[codec], len(block)
            largest = max(largest, size)
            # Counted here and not at each write, so that the walk only writes.
            metrics.deliveries += entries * len(live)
            metrics.bytes_out += size * len(live)
            if block:  # entries that have no event in a codec make no block
                self._walk += live
        self._slice = SLICE if largest * SLICE <= SLICE_BYTES else max(1, SLICE_BYTES // largest)
        self._block_start, self.flushed = self.flushed, self._log.end
        for member in list(self._catching_up):
            self.catch_up(member)

    def _write_slice(self) -> None:
        """Write one slice; then yield, to the next slice or to the pace."""
        self._step(self._slice)
        if self._walk:
            self._handle = self._loop.call_soon(self._write_slice)
        else:
            self._flush_queued()
            # The system calls are made after the loop's callbacks: measure from the turn after.
            self._handle = self._loop.call_soon(self._measure)

    def _step(self, count: int) -> None:
        """Write the block to the next members of the walk. A slow consumer falls behind."""
        blocks, metrics = self._blocks, self._metrics
        for member in islice(self._walk, count):
            if not member.live:
                continue
            if member.outlet.paused:
                # It was counted as a delivery, and will be counted again when it is caught up.
                metrics.deliveries -= self._block_entries
                metrics.bytes_out -= len(blocks[member.codec])
                self._fall_behind(member, self._log.epoch, self._block_start)
            else:
                member.outlet.write(blocks[member.codec])
        del self._walk[:count]

    def _fall_behind(self, member: Member, epoch: str, cursor: int) -> None:
        member.live = False
        member.epoch, member.cursor = epoch, cursor
        del self._live[member.codec][member]
        self._catching_up[member] = None

    def _measure(self) -> None:
        self._metrics.flush_seconds.observe(self._pace.end(self._block_entries))
        self._after_walk()

    def _after_walk(self) -> None:
        self._handle = None
        if self._pending_entries:
            self._schedule()
        else:
            self._flush_queued()

    def _flush_queued(self) -> None:
        """Flush the outlets whose queue no write of the room has included."""
        queued, self._queued = self._queued, []
        for outlet in queued:
            outlet.flush()

    def _refill(self, codec: Codec) -> None:
        """Frame the pending entries for a codec that comes into use."""
        if self._pending_entries:
            frames, _ = self._log.chunk(codec, self.flushed, self._log.end, sys.maxsize)
            self._pending[codec].extend(frames)

    def _cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
