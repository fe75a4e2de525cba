"""Rooms in which the archive has entries that the broker has lost, and what happens to these entries.

A broker that several servers keep may deliver what it then loses in a failover. Nodes have copied that. It is
removed when three things are true: the broker contradicts the archive, it could acknowledge an entry of the
room at that moment, and the archive is still as it was read. Decision 64 says why.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Final, NamedTuple

from archive.base import Archive, ArchivedEntry
from archive.search import Searchable
from brokers.base import Broker, Entry
from brokers.errors import BrokerError
from service.archiving.chains import agreed_through
from service.archiving.indexer import read_part, reworded_in
from service.archiving.stored_references import MOST_CHANGES, TARGETS
from service.runtime.metrics import Metrics
from service.settings.tuning import Tuning

PAGE: Final = 500

_log: Final = logging.getLogger(__name__)


class _End(NamedTuple):
    """What an archive has of a room after the last entry that the broker has as well."""

    room: str
    epoch: str
    after: int
    head: int


class _Lost(NamedTuple):
    """The messages that lost entries have edited or deleted, and offsets of some lost entries, in order."""

    reworded: set[int]
    steps: list[int]


class Disputes:
    """The rooms whose entries the archive refused, of one broker and one archive.

    Args:
        tuning: when a room is tried again that could not be confirmed, and the bounds of one removal.

    Attributes:
        metrics: count in these.
    """

    def __init__(self, broker: Broker, archive: Archive, tuning: Tuning) -> None:
        self._broker = broker
        self._archive = archive
        self._tuning = tuning
        self._next: dict[str, float] = {}
        self.metrics = Metrics()

    def __contains__(self, room: object) -> bool:
        return room in self._next

    def add(self, room: str) -> None:
        """Note that a room has to be settled."""
        self._next.setdefault(room, 0.0)

    def discard(self, room: str) -> None:
        """Forget a room: its entries are in the archive."""
        self._next.pop(room, None)

    async def settle(self, room: str) -> bool:
        """Remove from the archive what the broker has lost; return whether nothing of it is left.

        Raises:
            ArchiveError: the archive can't be read or written now.
        """
        self.add(room)
        if self._next[room] > monotonic():
            return False
        try:
            # Reads of a server that was replaced would be out of date.
            await self._broker.confirm(room)
            end = await self._compare(room)
        except BrokerError as error:
            self._next[room] = monotonic() + self._tuning.archive_longest_wait
            _log.warning("archive_disputed", extra={"room": room, "reason": str(error)})
            return False
        return end is None or await self._rewind(end)

    async def _compare(self, room: str) -> _End | None:
        """Find out what only the archive has. None: nothing that the broker contradicts."""
        position = (await self._broker.heads([room]))[room]
        # Ahead of the broker: what other nodes publish and copy meanwhile is then in its pages as well.
        head = (await self._archive.page(room, position.epoch, limit=1)).head
        if head is None:
            return None
        page = await self._broker.history(room, limit=PAGE)
        last = page.entries[-1:]
        while page.head.epoch == position.epoch and page.entries:
            after = await self._agreed(room, page.entries)
            if after is None and not page.more:
                after = page.entries[0].prev
            if after is not None:
                # Without an entry of the broker in their place, entries of the archive stay.
                is_disputed = after < min(head.offset, last[0].offset)
                return _End(room, position.epoch, after, head.offset) if is_disputed else None
            page = await self._broker.history(room, before=page.entries[0].offset, limit=PAGE)
        return None

    async def _agreed(self, room: str, held: Sequence[Entry]) -> int | None:
        first = held[0]
        # What both have comes first.
        page = await self._archive.page(room, first.epoch, after=first.offset - 1, limit=len(held) + 1)
        return agreed_through(held, page.entries)

    async def _rewind(self, end: _End) -> bool:
        lost = await self._lost(end)
        changes = await self._restored(end, lost.reworded)
        last = end.head
        # From the end, in parts that a commit can hold.
        for offset in (*lost.steps[::-1], end.after):
            words = changes if offset == end.after else ()
            if not await self._archive.rewind(end.room, end.epoch, offset, head=last, changes=words):
                # Another node was faster.
                return False
            last = offset
        self.metrics.archive_rewinds += 1
        extra = {"room": end.room, "epoch": end.epoch, "after": end.after, "through": end.head}
        _log.warning("archive_rewound", extra=extra)
        return True

    async def _lost(self, end: _End) -> _Lost:
        found = _Lost(set(), [])
        most = self._tuning.archive_rewound
        limit = min(PAGE, most)
        after, count, more = end.after, 0, True
        while more:
            page = await self._archive.page(end.room, end.epoch, after=after, limit=limit)
            more = page.newer and bool(page.entries)
            found.reworded.update(each for each in reworded_in(page.entries) if 0 < each <= end.after)
            count += len(page.entries)
            if more:
                after = page.entries[-1].offset
            if more and count >= most:
                found.steps.append(after)
                count = 0
            await asyncio.sleep(0)
        return found

    async def _restored(self, end: _End, reworded: Iterable[int]) -> Sequence[Searchable]:
        """Return the words of the messages that stay, and that lost entries have edited or deleted."""
        # The newest ones: they are found more often.
        targets = sorted(reworded)[-self._tuning.archive_reworded :]
        found: list[ArchivedEntry] = []
        for start in range(0, len(targets), TARGETS):
            some = targets[start : start + TARGETS]
            referring = await self._archive.references.find(
                end.room, end.epoch, some, most=MOST_CHANGES, most_replies=1
            )
            found += [change for change in referring.changes if change.offset <= end.after]
        for target in targets:
            page = await self._archive.page(end.room, end.epoch, after=target - 1, limit=1)
            found += [entry for entry in page.entries if entry.offset == target]
        changes: list[Searchable] = []
        # Changes follow their messages.
        for entry in sorted(found, key=lambda entry: entry.offset):
            changes += read_part([entry]).changes
            await asyncio.sleep(0)
        return changes
