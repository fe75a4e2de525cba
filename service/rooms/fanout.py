"""Fan-out of one room: a shared log, flushed at its own pace.

A room is flushed, not each message sent. `flush` joins the frames that came since the last flush into one
block and writes it to every live member: a thousand messages to a thousand members are a thousand writes.

An idle room is flushed in the loop's next turn. A busy one rests for up to as long as its last flush took,
system calls included (`service/rooms/flush_pace.py`). Walks over large rooms are cut into slices. Between
two slices pings, joins and other rooms have their turn.

A member is *live* (in the flush) or *behind*. It falls behind when its transport is over the high-water mark,
and when it joins; `catch_up` brings it back, from the log first and from history where the log doesn't reach.
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

SLICE: Final = 512
CATCH_UP_BYTES: Final = 64 * 1024


class Fanout:
    """The members of one room on this node, and the block that goes to them next."""

    __slots__ = (
        "_behind", "_block_entries", "_block_start", "_blocks", "_caught_up", "_handle", "_live", "_log",
        "_loop", "_max_bytes", "_max_entries", "_metrics", "_pace", "_pending", "_pending_bytes",
        "_pending_entries", "_queued", "_recover", "_walk", "flushed",
    )  # fmt: skip

    def __init__(
        self,
        log: RoomLog,
        metrics: Metrics,
        *,
        recover: Callable[[Member], None],
        caught_up: Callable[[Member], None],
    ) -> None:
        """Fan out of `log`.

        `recover` is called for a member whose cursor the log doesn't reach, `caught_up` for one that is live
        again.
        """
        self._loop = asyncio.get_running_loop()
        self._log = log
        self._metrics = metrics
        # What is pending must be in the log still, for members that come in meanwhile.
        self._max_bytes, self._max_entries = log.max_bytes // 2, log.max_entries // 2
        self._recover = recover
        self._caught_up = caught_up
        self._live: dict[Codec, dict[Member, None]] = {}
        self._behind: dict[Member, None] = {}
        self._pending: dict[Codec, list[bytes]] = {}
        self._pending_bytes = self._pending_entries = 0
        self._blocks: dict[Codec, bytes] = {}
        self._block_entries = self._block_start = 0
        self._walk: list[Member] = []
        # Outlets with queued bytes, which the write of the next flush takes along.
        self._queued: list[Outlet] = []
        self._handle: asyncio.Handle | None = None
        self._pace = FlushPace()
        self.flushed = log.end

    def __len__(self) -> int:
        return len(self._behind) + sum(map(len, self._live.values()))

    @property
    def behind(self) -> int:
        """Tell how many members are not live."""
        return len(self._behind)

    def append(self, entry: Entry) -> None:
        """Take the room's next entry, and see that it's flushed."""
        self._log.append(entry)
        for codec, frames in self._pending.items():
            frames.append(self._log.last_frame(codec))
        self._pending_entries += 1
        self._pending_bytes += len(entry.payload)
        if self._pending_bytes > self._max_bytes or self._pending_entries > self._max_entries:
            self.flush_now()
        elif self._handle is None:
            self._schedule()

    def add(self, member: Member, epoch: str, cursor: int) -> None:
        """Let a member in that was given everything up to `cursor`; what it lacks is written to it."""
        if member.codec not in self._live:
            self._log.use(member.codec)
            self._live[member.codec] = {}
            self._pending[member.codec] = []
            self._refill(member.codec)
        member.epoch, member.cursor = epoch, cursor
        self._behind[member] = None
        self.catch_up(member)

    def remove(self, member: Member) -> None:
        """Let a member go."""
        member.live = False
        self._behind.pop(member, None)
        live = self._live.get(member.codec)
        if live is None:
            return
        live.pop(member, None)
        if not live and not any(other.codec is member.codec for other in self._behind):
            del self._live[member.codec], self._pending[member.codec]
            self._log.drop(member.codec)

    def catch_up(self, member: Member) -> None:
        """Write what a member lacks while its transport takes it; once it lacks nothing it's live."""
        if member not in self._behind or member.recovering:
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
            member.outlet.write(block)
            self._metrics.bytes_out += len(block)
            self._metrics.catchups.add("log")
            self._metrics.deliveries += len(frames)
        if member.cursor == self.flushed and not member.outlet.paused:
            del self._behind[member]
            member.live = True
            self._live[member.codec][member] = None
            self._caught_up(member)

    def flush_soon(self, outlet: Outlet) -> None:
        """Have an outlet flush its queue: with the next flush of the room, or else in the next turn."""
        if self._handle is None:
            self._loop.call_soon(outlet.flush)
        else:
            self._queued.append(outlet)

    def is_behind(self, member: Member) -> bool:
        """Tell whether a member is in the room, and not live."""
        return member in self._behind

    def resumed(self, member: Member) -> None:
        """Learn that a member's transport takes output again."""
        if member.live:
            # It may have missed what isn't stored.
            self._caught_up(member)
        else:
            self.catch_up(member)

    def members(self, codec: Codec) -> list[Member]:
        """List the members of a codec, those that are behind too."""
        return [*self._live.get(codec, ()), *(member for member in self._behind if member.codec is codec)]

    def live(self) -> list[Member]:
        """List the members that are not behind."""
        return [member for live in self._live.values() for member in live]

    def flush_now(self) -> None:
        """Finish the walk under way and flush what is pending, without giving way to anything."""
        self._cancel()
        self._step(len(self._walk))
        if self._pending_entries:
            self._begin()
            self._step(len(self._walk))
        self._after_walk()

    def restart(self, epoch: str, offset: int, head: int = 0) -> None:
        """Go on behind a gap, at a position with which the log begins anew; the room reaches up to `head`."""
        self.flush_now()
        for member in self.live():
            if member.outlet.paused:
                # It can't be told of the gap now: its catch-up will, at the place where it is.
                self._fall_behind(member, self._log.epoch, self.flushed)
        self._log.restart(epoch, offset)
        self.flushed = offset
        for member in self._behind:
            # A member that resumes from another node may be ahead of this one: then it has lost nothing.
            # Beyond the head its entries are no longer part of the room: only history knows where to resume.
            if member.cursor > max(offset, head):
                member.epoch = ""

    def close(self) -> None:
        """Flush no more."""
        self._cancel()
        self._walk.clear()
        self._flush_queued()

    # The flush, step by step ----------------------------------------------------------------------

    def _schedule(self) -> None:
        wait = self._pace.wait()
        self._handle = self._loop.call_later(wait, self._flush) if wait else self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._begin()
        self._go_on()

    def _begin(self) -> None:
        """Join what is pending into one block for each codec, and list who is to get it."""
        self._pace.begin()
        metrics = self._metrics
        metrics.flushes += 1
        metrics.flush_entries.observe(self._pending_entries)
        self._blocks = {codec: b"".join(frames) for codec, frames in self._pending.items()}
        for frames in self._pending.values():
            frames.clear()
        # Counted here and not at each write, so that the walk does nothing but write.
        entries = self._block_entries = self._pending_entries
        self._pending_entries = self._pending_bytes = 0
        for codec, live in self._live.items():
            metrics.deliveries += entries * len(live)
            metrics.bytes_out += len(self._blocks[codec]) * len(live)
        self._block_start, self.flushed = self.flushed, self._log.end
        self._walk = self.live()
        for member in list(self._behind):
            self.catch_up(member)

    def _go_on(self) -> None:
        """Write one slice; then give way, to the next slice or to the pace."""
        self._step(SLICE)
        if self._walk:
            self._handle = self._loop.call_soon(self._go_on)
        else:
            self._flush_queued()
            # The system calls are made when the loop has run its callbacks: measure from the turn after.
            self._handle = self._loop.call_soon(self._measure)

    def _step(self, count: int) -> None:
        """Write the block to the next members of the walk. One that can't take it falls behind."""
        blocks, metrics = self._blocks, self._metrics
        for member in islice(self._walk, count):
            if not member.live:
                continue
            if member.outlet.paused:
                # It was counted among those who get the block, and will be again when it's caught up.
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
        self._behind[member] = None

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
        """Flush the outlets whose queue no write of the room has taken along."""
        queued, self._queued = self._queued, []
        for outlet in queued:
            outlet.flush()

    def _refill(self, codec: Codec) -> None:
        """Give a codec that comes into use the frames that are pending for the others."""
        if self._pending_entries:
            frames, _ = self._log.chunk(codec, self.flushed, self._log.end, sys.maxsize)
            self._pending[codec].extend(frames)

    def _cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
