"""The feed of a room's entries: from the broker, in order and without gaps, into the fan-out.

This is the only place where the chain rule is applied and gaps are repaired, for every broker and for all
members of the room at once. While a repair runs, live entries are discarded: the history that is being read
contains them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from brokers.base import Broker, Entry, Page, Position
from brokers.errors import BrokerError
from service.rooms.chain import FIRST, GAP, Chain
from service.runtime.backoff import Backoff
from service.runtime.metrics import Metrics
from service.runtime.tasks import Tasks

REPAIR_PAGE: Final = 500
# Reads without a new entry although one was delivered (a lagging replica), before the repair ends.
MAX_STALE_READS: Final = 10

_log: Final = logging.getLogger(__name__)


def _ignore(_: Position) -> None:
    """Do nothing: the room is closed."""


class Feed:
    """One room's entries as this node receives them.

    Args:
        backoff: makes the back-off between two reads of a repair.
        deliver: called with each entry, in order, once.
        restart: called with a position when the entries before it are no longer available.

    Attributes:
        head: the room's head when the history was last read.
    """

    __slots__ = (
        "_backoff", "_broker", "_chain", "_deliver", "_latest", "_metrics", "_repairing", "_restart", "_room",
        "_tasks", "head",
    )  # fmt: skip

    def __init__(
        self,
        room: str,
        broker: Broker,
        tasks: Tasks,
        metrics: Metrics,
        *,
        backoff: Callable[[], Backoff],
        deliver: Callable[[Entry], None],
        restart: Callable[[Position], None],
    ) -> None:
        self._room = room
        self._broker = broker
        self._tasks = tasks
        self._metrics = metrics
        self._backoff = backoff
        self._deliver = deliver
        self._restart = restart
        self._chain = Chain(Position("", 0))
        self._latest = self.head = Position("", 0)
        self._repairing = False

    @property
    def position(self) -> Position:
        """Return the position up to which this node has every entry."""
        return Position(self._chain.epoch, self._chain.offset)

    def begin(self, head: Position) -> None:
        """Start after a position that `subscribe` returned."""
        self._chain = Chain(head)

    def accept(self, entry: Entry) -> None:
        """Process an entry that the broker delivered: the next one, a duplicate, or one after a gap."""
        if self._repairing:
            self._remember(Position(entry.epoch, entry.offset))
            return
        if self._chain.take_next(entry):
            self._deliver(entry)
            return
        verdict = self._chain.classify(entry)
        if verdict is FIRST:
            self._jump(Position(entry.epoch, 0))
            self._chain.advance(entry)
            self._deliver(entry)
        elif verdict is GAP:
            self.repair(Position(entry.epoch, entry.offset))

    def close(self) -> None:
        """Break the reference cycle: the room refers to its feed."""
        self._restart = _ignore

    def compare(self, head: Position, asked_at: Position) -> None:
        """Repair if the feed hasn't passed the room's head, requested when it was at `asked_at`."""
        if self._chain.missed(head, asked_at):
            self.repair(head)

    def repair(self, seen: Position) -> None:
        """Read what is missing up to `seen` at least, in one task for the room."""
        self._remember(seen)
        if not self._repairing:
            self._repairing = True
            self._metrics.gap_repairs += 1
            self._tasks.start(self._repair(), name=f"repair {self._room!r}")

    def _remember(self, seen: Position) -> None:
        """Remember the furthest position that was seen; a late entry doesn't count."""
        if seen.epoch != self._latest.epoch or seen.offset > self._latest.offset:
            self._latest = seen

    async def _repair(self) -> None:
        backoff, stale = self._backoff(), 0
        try:
            while True:
                try:
                    page = await self._broker.history(self._room, after=self._chain.offset, limit=REPAIR_PAGE)
                except BrokerError as error:
                    _log.warning("gap_repair_retry", extra={"room": self._room, "reason": str(error)})
                else:
                    if self._apply(page):
                        return
                    if page.entries:
                        continue
                    stale += 1
                    if stale > MAX_STALE_READS:
                        # No history has the entry: it was lost with a part of the broker's servers.
                        return
                await backoff.wait()
        finally:
            self._repairing = False

    def _apply(self, page: Page) -> bool:
        """Deliver a page of missing entries; return whether nothing is missing any more."""
        chain, self.head = self._chain, page.head
        if page.head.epoch != chain.epoch:
            # Another epoch: all of it is new.
            self._jump(Position(page.head.epoch, 0))
            return page.head.offset == 0
        first = page.entries[0].prev if page.entries else page.head.offset
        # The broker has trimmed what follows the chain, or a failover has lost its end.
        if page.trimmed or first < chain.offset:
            self._jump(Position(page.head.epoch, first))
        for entry in page.entries:
            if entry.offset > chain.offset:
                chain.advance(entry)
                self._deliver(entry)
        latest, reached = self._latest, max(chain.offset, page.head.offset)
        more_expected = latest.epoch == chain.epoch and latest.offset > reached
        return not page.more and not more_expected

    def _jump(self, position: Position) -> None:
        if not self._chain.unwritten:
            self._metrics.gaps_unrepaired += 1
        self._chain.epoch, self._chain.offset = position
        self._restart(position)
