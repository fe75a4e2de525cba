"""Group commit: what was published in one turn of the loop is stored together; meanwhile the next gathers."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from brokers.base import Entry, Receipt
from brokers.durable.journal import Journal, Write
from brokers.durable.room import DurableRoom, Publish, State
from brokers.durable.rooms import Clocks
from brokers.errors import BrokerError, Unavailable

# After two failed commits in a row, publishes are refused for this time (seconds) before the next try.
REST: Final = 0.25

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitLimits:
    """The bounds of group commit; sizes are bytes.

    Attributes:
        batch, batch_bytes: entries of one commit; the others are in the next one.
        waiting, waiting_bytes: publishes that are queued; further ones are refused.
    """

    batch: int = 512
    batch_bytes: int = 512 * 1024
    waiting: int = 65_536
    waiting_bytes: int = 64 * 1024 * 1024


DEFAULT_LIMITS: Final = CommitLimits()


class Commits:
    """The publishes of a hub, from the call to the answer.

    Args:
        need: called with a room that must be loaded before its publishes can be stored.
        stored: called with each entry that was stored, in order, after its publish was answered.

    Attributes:
        fault: why the last commit failed; None once one succeeded again.
    """

    def __init__(
        self,
        journal: Journal,
        clocks: Clocks,
        timeout: float,
        *,
        limits: CommitLimits,
        need: Callable[[DurableRoom], object],
        stored: Callable[[DurableRoom, Entry], None],
    ) -> None:
        self._journal = journal
        self._clocks = clocks
        self._timeout = timeout
        self._limits = limits
        self._need = need
        self._stored = stored
        self._loop = asyncio.get_running_loop()
        self._gathering: deque[Publish] = deque()
        self._batch: list[Publish] = []
        self._open: deque[Publish] = deque()  # by deadline; answered ones leave when they are the first
        self._watch: asyncio.TimerHandle | None = None
        self._flush_soon: asyncio.Handle | None = None
        self._retry_at = 0.0
        self._bytes = 0
        self.waiting = 0
        self.fault: BrokerError | None = None

    def add(self, publish: Publish) -> None:
        """Store an entry with the next commit, after all that were added before in its room."""
        if self.fault is not None and self._loop.time() < self._retry_at:
            publish.refuse(self.fault)
            return
        if self.waiting >= self._limits.waiting or self._bytes >= self._limits.waiting_bytes:
            publish.refuse(Unavailable(f"{self.waiting} messages wait for the archive already"))
            return
        self.waiting += 1
        publish.room.holds += 1
        self._bytes += len(publish.payload)
        self._gathering.append(publish)
        self._open.append(publish)
        if self._watch is None:
            self._watch = self._loop.call_later(self._timeout, self._expire)
        self._schedule()

    def resume(self, room: DurableRoom, error: BrokerError | None) -> None:
        """Store what waited for a room, now that it is loaded; or refuse it, since it could not be."""
        waiting, room.waiting = room.waiting, []
        if error is not None:
            for publish in waiting:
                self._refuse(publish, error)
        elif waiting:
            self._gathering.extendleft(reversed(waiting))
            self._schedule()

    async def finish(self) -> None:
        """Wait until all publishes under way are answered, within the time limit; refuse the others."""
        answers = [publish.answer for publish in self._open if not publish.answer.done()]
        if answers:
            await asyncio.wait(answers, timeout=self._timeout)
        for answer in answers:
            if not answer.done():
                answer.set_exception(Unavailable("the broker was closed before the archive answered"))

    def close(self) -> None:
        """Stop the timers."""
        for handle in (self._watch, self._flush_soon):
            if handle is not None:
                handle.cancel()

    def _schedule(self) -> None:
        if self._flush_soon is None and not self._batch:
            self._flush_soon = self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_soon = None
        size, now, at = 0, self._clocks.steady(), int(self._clocks.wall() * 1000)
        batch = self._batch
        limits = self._limits
        while self._gathering and len(batch) < limits.batch and size < limits.batch_bytes:
            publish = self._gathering.popleft()
            if self._take(publish, now):
                size += len(publish.payload)
                batch.append(publish)
        if batch:
            writes = [Write(publish.entry, publish.key, at) for publish in batch if publish.entry]
            self._journal.append(writes).add_done_callback(self._committed)

    def _take(self, publish: Publish, now: float) -> bool:
        """Give a publish its position in this commit, unless it needs none."""
        room = publish.room
        if room.state is not State.LOADED:
            room.waiting.append(publish)
            self._need(room)
        elif (known := room.log.stored(publish.key, now)) is not None:
            self._settle(publish, Receipt(room.log.epoch, known, duplicate=True))
        elif (first := room.pending.get(publish.key)) is not None:
            first.followers.append(publish)
        elif publish.answer.done():
            # It timed out, or its caller is gone: what is not stored yet never is.
            self._finish(publish)
        else:
            room.pending[publish.key] = publish
            prev, room.tail = room.tail, room.tail + 1
            publish.entry = Entry(room.name, room.log.epoch, prev, room.tail, publish.payload)
            return True
        return False

    def _committed(self, outcome: asyncio.Future[None]) -> None:
        batch, self._batch = self._batch, []
        error = outcome.exception()
        if error is None:
            self._succeed(batch)
        elif isinstance(error, BrokerError):
            self._fail(batch, error)
        else:
            _log.error("commit_failed", exc_info=error)
            self._fail(batch, Unavailable(f"the archive failed: {error!r}"))
        while self._open and self._open[0].answer.done():
            self._open.popleft()
        if self._gathering:
            self._schedule()

    def _succeed(self, batch: list[Publish]) -> None:
        self._recover()
        now = self._clocks.steady()
        for publish in batch:
            if (entry := publish.entry) is None:  # pragma: no cover  each of a batch has one
                continue
            room = publish.room
            room.pending.clear()
            room.log.store(entry, publish.key, now)
            self._settle(publish, Receipt(entry.epoch, entry.offset, duplicate=False))
            for follower in publish.followers:
                self._settle(follower, Receipt(entry.epoch, entry.offset, duplicate=True))
        # Answers first: they share the write of the flush that delivering schedules.
        for publish in batch:
            if publish.entry is not None:
                self._stored(publish.room, publish.entry)

    def _recover(self) -> None:
        if self.fault is not None:
            self.fault = None
            _log.info("archive_writes_again")

    def _fail(self, batch: list[Publish], error: BrokerError) -> None:
        """Refuse a batch. What the store has of it is read again before these rooms continue."""
        if self.fault is None:
            _log.error("archive_refuses_writes", extra={"reason": str(error)})
        else:
            self._retry_at = self._loop.time() + REST
        self.fault = error
        for publish in batch:
            publish.room.pending.clear()
            publish.room.state = State.UNKNOWN
            for refused in (publish, *publish.followers):
                self._refuse(refused, error)

    def _expire(self) -> None:
        """Refuse what waited for too long; whether it is stored is not known."""
        self._watch = None
        now = self._loop.time()
        error = Unavailable(f"the archive did not store it within {self._timeout:g} s")
        while self._open and (self._open[0].answer.done() or self._open[0].deadline <= now):
            self._open.popleft().refuse(error)
        if self._open:
            self._watch = self._loop.call_at(self._open[0].deadline, self._expire)

    def _settle(self, publish: Publish, receipt: Receipt) -> None:
        publish.settle(receipt)
        self._finish(publish)

    def _refuse(self, publish: Publish, error: BrokerError) -> None:
        publish.refuse(error)
        self._finish(publish)

    def _finish(self, publish: Publish) -> None:
        self.waiting -= 1
        publish.room.holds -= 1
        self._bytes -= len(publish.payload)

    async def probe(self) -> None:
        """Write something small; what was refused is taken again when that works.

        Raises:
            Unavailable: the journal can't be written now.
        """
        try:
            async with asyncio.timeout(self._timeout):
                await self._journal.append(())
        except TimeoutError:
            raise Unavailable(f"the archive did not answer within {self._timeout:g} s") from None
        self._recover()
