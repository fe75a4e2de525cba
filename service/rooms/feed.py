"""The feed of a room's entries: from the broker, in order and without gaps, into the fan-out.

The one place where the chain rule is applied and gaps are repaired, for every broker and for all members of
the room at once. While a repair runs, live entries are not kept: the history that is being read holds them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from brokers.base import Broker, Entry, Page, Position
from brokers.errors import BrokerError
from service.rooms.chain import Chain, Verdict
from service.runtime.backoff import Backoff
from service.runtime.metrics import Metrics
from service.runtime.tasks import Tasks

REPAIR_PAGE: Final = 500
# Reads that find nothing new although an entry was seen (a replica that trails), before the repair is over.
PATIENCE: Final = 10

_log: Final = logging.getLogger(__name__)


class Feed:
    """One room's entries as this node takes them.

    Args:
        backoff: makes the waits between two reads of a repair.
        take: called with each entry, in order, once.
        restart: called with a position when the entries between the last one and it can't be had any more.

    Attributes:
        head: how far the room goes, as history told when it was last read.
    """

    __slots__ = (
        "_backoff", "_broker", "_chain", "_latest", "_metrics", "_repairing", "_restart", "_room", "_take",
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
        take: Callable[[Entry], None],
        restart: Callable[[Position], None],
    ) -> None:
        self._room = room
        self._broker = broker
        self._tasks = tasks
        self._metrics = metrics
        self._backoff = backoff
        self._take = take
        self._restart = restart
        self._chain = Chain(Position("", 0))
        self._latest = self.head = Position("", 0)
        self._repairing = False

    @property
    def position(self) -> Position:
        """Tell up to where this node has every entry."""
        return Position(self._chain.epoch, self._chain.offset)

    def begin(self, head: Position) -> None:
        """Start behind a position that `subscribe` returned."""
        self._chain = Chain(head)

    def accept(self, entry: Entry) -> None:
        """Take an entry that the broker delivered, whatever it is to the chain."""
        if self._repairing:
            self._note(Position(entry.epoch, entry.offset))
            return
        verdict = self._chain.judge(entry)
        if verdict is Verdict.NEXT:
            self._chain.advance(entry)
            self._take(entry)
        elif verdict is Verdict.HOLE:
            self.repair(Position(entry.epoch, entry.offset))

    def compare(self, head: Position, asked_at: Position) -> None:
        """Repair if the room's head, asked for when the feed was at `asked_at`, isn't one that it passed."""
        if self._chain.missed(head, asked_at):
            self.repair(head)

    def repair(self, seen: Position) -> None:
        """Read what is missing up to `seen` at least, in one task for the room."""
        self._note(seen)
        if not self._repairing:
            self._repairing = True
            self._metrics.repairs += 1
            self._tasks.start(self._repair(), name=f"repair {self._room!r}")

    def _note(self, seen: Position) -> None:
        """Remember the furthest position that was seen; an entry that comes late is none."""
        if seen.epoch != self._latest.epoch or seen.offset > self._latest.offset:
            self._latest = seen

    async def _repair(self) -> None:
        backoff, stale = self._backoff(), 0
        try:
            while True:
                try:
                    page = await self._broker.history(self._room, after=self._chain.offset, limit=REPAIR_PAGE)
                except BrokerError as error:
                    _log.warning("repair_waits", extra={"room": self._room, "reason": str(error)})
                else:
                    if self._apply(page):
                        return
                    if page.entries:
                        continue
                    stale += 1
                    if stale > PATIENCE:
                        # What was seen is in no history: it was lost with a part of the backbone.
                        return
                await backoff.rest()
        finally:
            self._repairing = False

    def _apply(self, page: Page) -> bool:
        """Take a page of what was missing; tell whether nothing is missing any more."""
        chain, self.head = self._chain, page.head
        if page.head.epoch != chain.epoch:
            # Another epoch: all of it is new.
            self._jump(Position(page.head.epoch, 0))
            return page.head.offset == 0
        if page.trimmed or page.head.offset < chain.offset:
            first = page.entries[0].prev if page.entries else page.head.offset
            self._jump(Position(page.head.epoch, first))
        for entry in page.entries:
            if entry.offset > chain.offset:
                chain.advance(entry)
                self._take(entry)
        latest, reached = self._latest, max(chain.offset, page.head.offset)
        behind_seen = latest.epoch == chain.epoch and latest.offset > reached
        return not page.more and not behind_seen

    def _jump(self, position: Position) -> None:
        self._chain.epoch, self._chain.offset = position
        self._metrics.resets += 1
        self._restart(position)
