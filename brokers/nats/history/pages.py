"""Build pages from stored messages, without any I/O.

A stored message does not name its predecessor, so the predecessor has to be read, too. A stream therefore
stores one message per room more than is shown: the oldest one stands for all that were trimmed. Entries that
expire, or are trimmed to make room for other rooms, leave no such trace. But a publisher that has not
received an entry of a room for long stores the previous offset that it knows with its entry
(`StoredMessage.hint`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from brokers.base import Entry, Page, Position
from brokers.nats.jetstream import StoredMessage


class VisibleMessages(NamedTuple):
    """The first visible messages of a room, and the offset before them."""

    raws: Sequence[StoredMessage]
    prev: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBuilder:
    """Builds pages of one room. `most` is that of the stream."""

    room: str
    epoch: str
    most: int

    def visible(self, raws: Sequence[StoredMessage], stored: int) -> VisibleMessages:
        """Select the visible ones of a room's oldest messages, and hide the extra one."""
        first = raws[0]
        if stored > self.most:
            return VisibleMessages(raws[1:], first.offset)
        if first.hint is not None:
            return VisibleMessages(raws, first.hint)
        # It had a predecessor, because its publisher had just received one, but which one is not known any
        # more.
        return VisibleMessages(raws, first.offset - 1)

    def after(self, after: int, limit: int, kept: VisibleMessages, head: int) -> Page:
        """Build a page of the first messages after an offset."""
        raws = kept.raws[:limit]
        last = raws[-1]
        more = last.pending > 0 or last.offset < head
        # The publisher knew of no predecessor, but there was one: it has expired, and maybe others.
        trimmed = after < kept.prev or (after > 0 and not kept.prev)
        return self._page(VisibleMessages(raws, kept.prev), head, trimmed=trimmed, more=more)

    def nothing_after(self, after: int, *, head: int) -> Page:
        """Build the page after an offset that no message follows any more."""
        return self._page(VisibleMessages((), 0), head, trimmed=after < head, more=False)

    def before(self, limit: int, kept: VisibleMessages, head: int, *, more: bool) -> Page:
        """Build a page of the last messages; `more` says that others precede them."""
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
    """Split messages at an offset: up to it, and after it."""
    place = bisect_right(raws, offset, key=lambda raw: raw.offset)
    return raws[:place], raws[place:]


class OffsetSearch:
    """Searches an offset that is followed by about `wanted` messages, by counting those after other offsets.

    Args:
        low: an offset with enough messages from there on, and their number.
        high: an offset with too few, and their number.
        wanted: how many are enough.
        slack: how many more are acceptable.
    """

    def __init__(self, low: tuple[int, int], high: tuple[int, int], *, wanted: int, slack: int) -> None:
        self._low, self._high = low, high
        self._wanted, self._slack = wanted, slack
        self._turns = 0

    @property
    def found(self) -> int | None:
        """The offset, once it is found."""
        low, count = self._low
        return low if count <= self._wanted + self._slack or self._high[0] - low <= 1 else None

    @property
    def guess(self) -> int:
        """The next offset to count from: interpolated, and bisected every third time."""
        (low, most), (high, least) = self._low, self._high
        self._turns += 1
        span = high - low
        share = (self._wanted + self._slack / 2 - least) / max(most - least, 1) if self._turns % 3 else 0.5
        return min(max(high - round(span * share), low + 1), high - 1)

    def learn(self, offset: int, count: int) -> None:
        """Record how many messages there are at and after an offset."""
        if count >= self._wanted:
            self._low = offset, count
        else:
            self._high = offset, count
