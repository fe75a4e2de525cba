"""The archived form of an entry, and back."""

from __future__ import annotations

from archive.base import ArchivedEntry, Author
from brokers.base import Entry
from service.wire.messages import stored_author


def archived(entry: Entry, key: str, at: int) -> ArchivedEntry:
    """Make the archived form of an entry that was stored with a key, at a time (ms since 1970)."""
    found = stored_author(entry.payload)
    author = Author() if found is None else Author(found.user_id, found.user, found.kind)
    return ArchivedEntry(entry.room, entry.epoch, entry.prev, entry.offset, at, key, entry.payload, author)


def entry_of(entry: ArchivedEntry) -> Entry:
    """Return an archived entry as brokers deliver it."""
    return Entry(entry.room, entry.epoch, entry.prev, entry.offset, entry.payload)
