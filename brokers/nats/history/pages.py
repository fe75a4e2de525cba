"""What a page is, decided without a connection: from the stored messages of a room that were read.

A stored message doesn't say which one was before it; its neighbour does. That's why a stream stores one
message of each room more than is shown: the oldest stands for all that was trimmed. What became too old, or
had to make room for other rooms, leaves no such trace, but a publisher that hasn't heard of a room for long
notes with its entry what it knew last (`Raw.hint`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from brokers.base import Entry, Page, Position
from brokers.nats.jetstream import StoredMessage


class VisibleMessages(NamedTuple):
    """The first messages of a room that can be shown, and the offset that was before them."""

    raws: Sequence[StoredMessage]
    prev: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBuilder:
    """Makes pages of one room. `most` is that of the stream."""

    room: str
    epoch: str
    most: int

    def visible(self, raws: Sequence[StoredMessage], stored: int) -> VisibleMessages:
        """Take the oldest messages of a room of which so many are `stored`; hide the one too many."""
        first = raws[0]
        if stored > self.most:
            return VisibleMessages(raws[1:], first.offset)
        if first.hint is not None:
            return VisibleMessages(raws, first.hint)
        # There was one before, for its publisher had just heard it; which one, nobody knows any more.
        return VisibleMessages(raws, first.offset - 1)

    def after(self, after: int, limit: int, kept: VisibleMessages, head: int) -> Page:
        """Make the page of the first messages behind an offset."""
        raws = kept.raws[:limit]
        last = raws[-1]
        more = last.pending > 0 or last.offset < head
        # A publisher that knew of none before, while there was one: that became too old, and maybe others.
        trimmed = after < kept.prev or (after > 0 and not kept.prev)
        return self._page(VisibleMessages(raws, kept.prev), head, trimmed=trimmed, more=more)

    def nothing_after(self, after: int, *, head: int) -> Page:
        """Make the page behind an offset that nothing is behind any more."""
        return self._page(VisibleMessages((), 0), head, trimmed=after < head, more=False)

    def before(self, limit: int, kept: VisibleMessages, head: int, *, more: bool) -> Page:
        """Make the page of the last of some messages; `more`: there are others ahead of them."""
        start = max(len(kept.raws) - limit, 0)
        prev = kept.raws[start - 1].offset if start else kept.prev
        return self._page(
            VisibleMessages(kept.raws[start:], prev), head, trimmed=False, more=more or start > 0
        )

    def _page(self, kept: VisibleMessages, head: int, *, trimmed: bool, more: bool) -> Page:
        entries = []
        prev = kept.prev
        for raw in kept.raws:
            entries.append(Entry(self.room, self.epoch, prev, raw.offset, raw.payload))
            prev = raw.offset
        return Page(tuple(entries), Position(self.epoch, max(head, prev if entries else 0)), trimmed, more)


def split(
    raws: Sequence[StoredMessage], offset: int
) -> tuple[Sequence[StoredMessage], Sequence[StoredMessage]]:
    """Part messages into those up to an offset and those behind it."""
    place = bisect_right(raws, offset, key=lambda raw: raw.offset)
    return raws[:place], raws[place:]


class OffsetSearch:
    """Finds an offset with about so many messages behind it, by asking how many are behind others.

    Args:
        low: an offset with enough messages from there on, and how many.
        high: an offset with too few, and how many.
        wanted: how many are enough.
        slack: how many more than that do no harm.
    """

    def __init__(self, low: tuple[int, int], high: tuple[int, int], *, wanted: int, slack: int) -> None:
        self._low, self._high = low, high
        self._wanted, self._slack = wanted, slack
        self._turns = 0

    @property
    def found(self) -> int | None:
        """The offset, once it is known."""
        low, count = self._low
        return low if count <= self._wanted + self._slack or self._high[0] - low <= 1 else None

    @property
    def guess(self) -> int:
        """Where to ask next: where it would be if messages came evenly; each third time in the middle."""
        (low, most), (high, least) = self._low, self._high
        self._turns += 1
        span = high - low
        share = (self._wanted + self._slack / 2 - least) / max(most - least, 1) if self._turns % 3 else 0.5
        return min(max(high - round(span * share), low + 1), high - 1)

    def learn(self, offset: int, count: int) -> None:
        """Take the answer: so many messages are at the offset and behind it."""
        if count >= self._wanted:
            self._low = offset, count
        else:
            self._high = offset, count
