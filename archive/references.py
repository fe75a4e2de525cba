"""Which entries refer to which: changes of a message and replies to it are found at any distance (A18)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from archive.entries import ArchivedEntry
from archive.search import Unindexed


class Reference(NamedTuple):
    """The entry at an offset changes an earlier one, the one at `target`, or replies to it."""

    offset: int
    target: int
    is_reply: bool = False


class ReplyTotal(NamedTuple):
    """The number of entries that reply to one, and the offset of the last of them."""

    number: int
    last: int


class Referring(NamedTuple):
    """What refers to some entries, as far as it was recorded: through an offset.

    `changes`: the entries that change them, by target, oldest first. `replies`: by target, of those that have
    any.
    """

    through: int
    changes: tuple[ArchivedEntry, ...]
    replies: Mapping[int, ReplyTotal]


class ReplyPage(NamedTuple):
    """Entries that reply to one, oldest first. `older`: there are some ahead of the first one."""

    through: int
    entries: tuple[ArchivedEntry, ...]
    older: bool


class ReferenceIndex(ABC):
    """The references among the entries of an archive (A18). `Archive.index` records those of new entries."""

    @abstractmethod
    async def unrecorded(self, *, limit: int) -> list[Unindexed]:
        """Read up to `limit` epochs that are indexed further than their references are recorded.

        An earlier version has indexed them.
        """

    @abstractmethod
    async def record(
        self, room: str, epoch: str, *, since: int, through: int, references: Sequence[Reference]
    ) -> bool:
        """Record the references of an epoch's entries between two offsets.

        `since` is where the caller's part begins. Return whether it was the next part; if not, nothing is
        changed.
        """

    @abstractmethod
    async def find(
        self, room: str, epoch: str, targets: Sequence[int], *, most: int, most_replies: int
    ) -> Referring:
        """Read the last `most` entries that change each of some entries, and count up to `most_replies`."""

    @abstractmethod
    async def replies(
        self, room: str, epoch: str, target: int, *, before: int | None = None, limit: int
    ) -> ReplyPage:
        """Read the last up to `limit` entries that reply to one, ahead of an offset or of the end."""
