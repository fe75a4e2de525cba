"""The archived form of an entry, and back."""

from __future__ import annotations

from typing import Final

import msgspec

from archive.base import ArchivedEntry, Author
from brokers.base import Entry
from service.wire.messages import stored_author


class _Identity(msgspec.Struct, frozen=True, gc=False):
    """What stays of a payload when its text is removed."""

    key: str = ""
    user_id: str | None = None
    at: int = 0


_identity: Final = msgspec.json.Decoder(_Identity)


def identity_of(payload: bytes) -> object:
    """Return what distinguishes a stored message or change from every other one of its room."""
    try:
        found = _identity.decode(payload)
    except msgspec.DecodeError:
        return payload
    return (found.key, found.user_id, found.at) if found.key else payload


def archived(entry: Entry, key: str, at: int) -> ArchivedEntry:
    """Make the archived form of an entry that was stored with a key, at a time (ms since 1970)."""
    found = stored_author(entry.payload)
    author = Author() if found is None else Author(found.user_id, found.user, found.kind)
    return ArchivedEntry(entry.room, entry.epoch, entry.prev, entry.offset, at, key, entry.payload, author)


def entry_of(entry: ArchivedEntry) -> Entry:
    """Return an archived entry as brokers deliver it."""
    return Entry(entry.room, entry.epoch, entry.prev, entry.offset, entry.payload)
