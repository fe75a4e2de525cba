"""Pages of messages, as clients read them: without the changes between them, which are folded into them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from brokers.base import Broker, Entry
from service.rooms.changes import ChangeReader
from service.rooms.slices import PAGE_BYTES, first_of, last_of
from service.wire.messages import is_change
from service.wire.responses import MessagePage

# Reads for one page. After them a page may have fewer messages than requested, or none.
MAX_READS: Final = 5
# Entries of each read but the first one, at least: there are many changes between the messages.
LATER_READS: Final = 100


async def read_messages(
    broker: Broker,
    room: str,
    reader: ChangeReader,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int,
) -> MessagePage:
    """Read up to `limit` messages, as `Broker.history` reads entries, and as many as fit into a page.

    Raises:
        BrokerError: the history can't be read now.
    """
    backwards = after is None
    page = await broker.history(room, before=before, after=after, limit=limit)
    entries, trimmed = list(page.entries), page.trimmed
    for _ in range(MAX_READS - 1):
        if not page.more or not page.entries or _messages(entries) >= limit or _size(entries) > PAGE_BYTES:
            break
        before, after = (entries[0].offset, None) if backwards else (None, entries[-1].offset)
        further = await broker.history(room, before=before, after=after, limit=max(limit, LATER_READS))
        if further.head.epoch != page.head.epoch:
            break
        page, trimmed = further, trimmed or further.trimmed
        at = 0 if backwards else len(entries)
        entries[at:at] = page.entries
    kept = last_of(_last(entries, limit)) if backwards else first_of(_first(entries, limit))
    start, end = (kept[0].offset, kept[-1].offset) if kept else (before or 0, after or 0)
    more = page.more or len(kept) < len(entries)
    folded = await reader.fold(kept)
    # What is folded into a message may be longer than the message.
    messages = last_of(folded) if backwards else first_of(folded)
    if len(messages) < len(folded):
        start, end, more = messages[0].offset, messages[-1].offset, True
    return MessagePage(messages, page.head, start, end, more, trimmed, unavailable=more and not entries)


def _size(entries: Sequence[Entry]) -> int:
    return sum(len(entry.payload) for entry in entries)


def _messages(entries: Sequence[Entry]) -> int:
    return sum(not is_change(entry) for entry in entries)


def _last(entries: Sequence[Entry], limit: int) -> Sequence[Entry]:
    """Return the end of a run that holds `limit` messages."""
    left = limit
    for index in range(len(entries) - 1, -1, -1):
        left -= not is_change(entries[index])
        if not left:
            return entries[index:]
    return entries


def _first(entries: Sequence[Entry], limit: int) -> Sequence[Entry]:
    """Return the start of a run that holds `limit` messages, with the changes after them."""
    left = limit
    for index, entry in enumerate(entries):
        left -= not is_change(entry)
        if left < 0:
            return entries[:index]
    return entries
