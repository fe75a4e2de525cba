"""Search: what is indexed of an entry, what is looked for, and what is found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from archive.entries import ArchivedEntry
from archive.words import Term, Words


class Searchable(NamedTuple):
    """What is found of the entry at an offset: its current words. None: it isn't found any more.

    `author` is the folded display name of its author. `edit` is the offset of the entry with its current
    text. `mentions` are the ids of the users whom the current text mentions.
    """

    offset: int
    words: Words | None
    author: str = ""
    author_id: str | None = None
    link: bool = False
    edit: int | None = None
    mentions: tuple[str, ...] = ()


class Merged(NamedTuple):
    """What becomes of one entry by some changes. `is_new`: its message is among them."""

    change: Searchable
    is_new: bool


class Unindexed(NamedTuple):
    """An epoch with entries that were not indexed: those after `indexed`."""

    room: str
    epoch: str
    indexed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """What is looked for. All conditions must hold.

    Attributes:
        terms: what the text has.
        rooms: in one of these rooms; None for any.
        authors: by one of these: ids, or folded display names; empty for anyone.
        since, until: stored at this time or later, before this time (ms since 1970).
        link: with a link.
    """

    terms: tuple[Term, ...] = ()
    rooms: tuple[str, ...] | None = None
    authors: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    link: bool = False


class FoundEntry(NamedTuple):
    """An entry that was found, and the entry with its current text if it was edited."""

    entry: ArchivedEntry
    edit: ArchivedEntry | None


class FoundPage(NamedTuple):
    """Hits, newest first. `more` is the place at which the next page begins; None if there is none."""

    hits: tuple[FoundEntry, ...]
    more: str | None


def merged(changes: Iterable[Searchable]) -> list[Merged]:
    """Merge changes of the same entry: the last one counts, but what was removed stays removed.

    An edit that is not new applies only to an entry that is still found.
    """
    found: dict[int, Merged] = {}
    for change in changes:
        before = found.get(change.offset)
        if before is None:
            found[change.offset] = Merged(change, change.edit is None)
        elif before.change.words is not None:
            found[change.offset] = Merged(change, before.is_new)
    return list(found.values())
