"""Threads: the messages that reply to one root, directly or to another reply (TH1-TH4)."""

from __future__ import annotations

from typing import Final

from brokers.base import Broker, Entry
from service.rooms.changes import ChangeReader
from service.wire.messages import is_change, stored_root
from service.wire.responses import MessagePage

# For one page of a thread: reads of the history, and entries of each.
MAX_READS: Final = 5
READ: Final = 500


async def read_thread(
    broker: Broker, room: str, reader: ChangeReader, root: int, *, before: int, limit: int
) -> MessagePage:
    """Read up to `limit` messages of a thread before an offset; the root is the first of the last page.

    After some reads a page has what was found: the next one continues at its `before`.

    Raises:
        BrokerError: the history can't be read now.
    """
    found: list[Entry] = []
    page = await broker.history(room, before=before, limit=READ)
    reads, at = 1, before
    while True:
        for entry in reversed(page.entries):
            if entry.offset < root or len(found) == limit:
                break
            at = entry.offset
            if _belongs(entry, root):
                found.append(entry)
        is_done = not page.more or not page.entries or page.entries[0].offset <= root
        if is_done or len(found) == limit or reads == MAX_READS:
            break
        page = await broker.history(room, before=at, limit=READ)
        reads += 1
    found.reverse()
    more = at > root and not (is_done and len(found) < limit)
    messages = await reader.fold(found)
    unavailable = page.more and not page.entries
    return MessagePage(messages, page.head, at, at, more, page.trimmed, unavailable=unavailable)


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
