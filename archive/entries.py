"""What an archive stores and returns: plain values."""

from __future__ import annotations

from typing import Final, NamedTuple


class Author(NamedTuple):
    """Who wrote an entry: a stable id, the display name at that time, and the kind of user."""

    id: str | None = None
    name: str | None = None
    kind: str | None = None


# The author of an entry that was erased.
ERASED: Final = Author(kind="erased")


class ArchivedEntry(NamedTuple):
    """One entry of a room. `at` is when it was stored, in ms since 1970; `key` is its idempotency key."""

    room: str
    epoch: str
    prev: int
    offset: int
    at: int
    key: str
    payload: bytes
    author: Author = Author()


class ArchiveHead(NamedTuple):
    """How far a room goes: its newest epoch, the last offset, and the offset up to which it was trimmed."""

    epoch: str
    offset: int
    base: int


class ArchivePage(NamedTuple):
    """A run of entries, oldest first.

    `head` belongs to the same moment as the entries; None if the room has no such epoch. `older` and `newer`:
    there are entries before the first one, or after the last one.
    """

    entries: tuple[ArchivedEntry, ...]
    head: ArchiveHead | None
    older: bool
    newer: bool


class Rewind(NamedTuple):
    """Which entries of an epoch leave: those after `offset`, if `head` is the last one."""

    room: str
    epoch: str
    offset: int
    head: int


class ArchivedKey(NamedTuple):
    """An idempotency key, the offset of its entry, and when that was stored (ms since 1970)."""

    key: str
    offset: int
    at: int


class Mark(NamedTuple):
    """Up to where a user has read a room, and when the mark moved there (ms since 1970).

    `name` is the name of the user at that time, in the form in which names are compared.
    """

    user: str
    room: str
    epoch: str
    offset: int
    at: int
    name: str = ""


class Unread(NamedTuple):
    """What follows a mark: the head of the room, and the messages of others up to `through`.

    `messages` is the bound of the call if there are as many or more; so is `mentions`, the number of those
    that mention the user.
    """

    epoch: str
    offset: int
    through: int
    messages: int
    mentions: int = 0
