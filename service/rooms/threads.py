"""Threads: the messages that reply to one root, directly or to another reply (TH1-TH4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from brokers.base import Broker, Entry, Page
from service.archiving.entries import entry_of
from service.rooms.changes import ChangeReader
from service.rooms.slices import in_slices, last_of
from service.wire.messages import is_change, stored_root
from service.wire.responses import MessagePage

# For one page of a thread: reads of the history, and entries of each.
MAX_READS: Final = 5
READ: Final = 500


async def read_thread(
    broker: Broker, room: str, reader: ChangeReader, root: int, *, before: int, limit: int
) -> MessagePage:
    """Read up to `limit` messages of a thread before an offset; the root is the first of the last page.

    The archive finds the replies at any distance. Otherwise a page has what was found after some reads, and
    the next one continues at its `before`.

    Raises:
        BrokerError: the history can't be read now.
    """
    if not reader.is_archived:
        return await _search(broker, room, reader, root, before=before, limit=limit)
    page = await broker.history(room, before=before, limit=1)
    stored = await reader.replies(page.head.epoch, root, before=before, limit=limit)
    if stored is None or page.head.offset - stored.through > READ * MAX_READS:
        return await _search(broker, room, reader, root, before=before, limit=limit)
    found = [entry_of(entry) for entry in stored.entries]
    found += await _after(broker, room, max(stored.through, root - 1), before)
    found = await _of_thread(reader, found, root)
    kept = last_of(found[-limit:])
    older, found = stored.older or len(found) > len(kept), list(kept)
    if not older and len(found) < limit and (not found or found[0].offset != root):
        first = await broker.history(room, before=min(root + 1, before), limit=1)
        found[:0] = [entry for entry in first.entries if entry.offset == root and not is_change(entry)]
    at = found[0].offset if found else before
    more = older or (len(found) == limit and at > root)
    return await _page(reader, found, page, at, more=more)


async def _after(broker: Broker, room: str, after: int, before: int) -> list[Entry]:
    """Read the entries between two offsets; there are so few that the reads of a page are enough."""
    found: list[Entry] = []
    while after + 1 < before:
        page = await broker.history(room, after=after, limit=READ)
        found += (entry for entry in page.entries if entry.offset < before)
        if not page.more or not page.entries:
            break
        after = page.entries[-1].offset
    return found


async def _search(
    broker: Broker, room: str, reader: ChangeReader, root: int, *, before: int, limit: int
) -> MessagePage:
    """Read the history backwards for the messages of a thread."""
    found: list[Entry] = []
    page = await broker.history(room, before=before, limit=READ)
    reads, at = 1, before
    while True:
        belonging = await _of_thread(reader, page.entries, root)
        found[:0] = belonging[len(found) - limit :] if len(found) + len(belonging) > limit else belonging
        kept = last_of(found)
        is_full = len(found) == limit or len(kept) < len(found)
        if page.entries:
            at = kept[0].offset if is_full else min(at, max(page.entries[0].offset, root))
        is_done = not page.more or not page.entries or page.entries[0].offset <= root
        if is_done or is_full or reads == MAX_READS:
            break
        page = await broker.history(room, before=at, limit=READ)
        reads += 1
    more = at > root and not (is_done and not is_full)
    unavailable = page.more and not page.entries
    return await _page(reader, kept, page, at, more=more, unavailable=unavailable)


async def _page(
    reader: ChangeReader,
    found: Sequence[Entry],
    page: Page,
    at: int,
    *,
    more: bool,
    unavailable: bool = False,
) -> MessagePage:
    """Fold messages; the next page continues before them."""
    folded = await reader.fold(found, is_run=False)
    messages = last_of(folded)
    if len(messages) < len(folded):
        # What is folded into a message may be longer than the message.
        at, more = messages[0].offset, True
    return MessagePage(messages, page.head, at, at, more, page.trimmed, unavailable=unavailable)


async def _of_thread(reader: ChangeReader, entries: Sequence[Entry], root: int) -> list[Entry]:
    found: list[Entry] = []
    async for part in in_slices(entries, reader.turn):
        found += (entry for entry in part if entry.offset >= root and _belongs(entry, root))
    return found


async def root_of(broker: Broker, room: str, offset: int) -> int | None:
    """Return the root of the thread that a reply to the message at an offset belongs to.

    None: it is that message, or the server does not keep it any more. Raises as `read_thread`.
    """
    page = await broker.history(room, before=offset + 1, limit=1)
    entry = page.entries[-1] if page.entries else None
    return None if entry is None or entry.offset != offset else stored_root(entry.payload)


def _belongs(entry: Entry, root: int) -> bool:
    if entry.offset == root:
        return not is_change(entry)
    return stored_root(entry.payload) == root
