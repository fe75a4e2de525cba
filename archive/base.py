"""The archive contract: where history lasts, in numbered promises.

An archive stores the entries of rooms durably and returns pages of them. It knows rooms, epochs, offsets and
payloads. It knows no sockets and no brokers, and does not read payloads.

What every archive promises. Each number has tests in `archive/testing/`, run on every archive:

 A1  ready      After `start` returned, every method works. `start` raises a sentence that says what is wrong
                and what to change.
 A2  durable    When the future of `append` has a result, the whole batch is on stable storage: it survives
                `kill -9`, and a power cut as far as the disk keeps what it confirmed.
 A3  whole      A batch is one transaction: all of it is stored or nothing. Appends called one after another
                are committed in that order, also without awaiting them.
 A4  once       An entry is named by room, epoch and offset. Appending it again changes nothing. Another entry
                at a position that is taken is refused (`ArchiveConflict`). A `shared` archive also refuses
                one that contradicts the chain: whose `prev` leaves out entries that are stored, or that
                stored entries leave out.
 A5  pages      `page` reads the entries after, before or around an offset, or the last ones, in order, and
                reports whether there are older and newer ones.
 A6  heads      `heads` returns the newest epoch of each room, its last offset, and the offset up to which
                entries were trimmed. A room without entries has no head. The head outlives its entries.
                `rooms` lists the rooms that have one, `epochs` the heads of all epochs of a room,
                `newest` the times of the last entries.
 A7  keys       `keys` returns the idempotency keys of a room, newest first, that were stored since a time,
                also those of entries that were trimmed meanwhile.
 A8  bytes      Payloads, keys, names and authors are returned unchanged; any text that UTF-8 can hold
                is a room name.
 A9  retention  A room keeps at most what `ArchiveRetention` allows, the newest entries; by default
                everything. The storage of what was trimmed is reused after some calls of `trim`.
 A10 one owner  A second process that opens the same archive is refused (`ArchiveInUse`), unless the archive
                is made for several (`shared`).
 A11 honest     What can't be stored is refused with its reason. When the reason is gone, the next call works:
                nothing has to be restarted. While writes are refused,
                reads work if the storage allows them.
 A12 lasting    `start` brings a schema of any earlier version to the newest one, and refuses one that is
                newer. What was stored stays readable.
 A13 bounded    At most `pending` calls wait; the next one is refused (`ArchiveOverloaded`). A read waits no
                longer than `timeout`.
 A14 closed     `close` finishes the appends under way. After it every method but `close` and `stats` raises
                `ArchiveClosed`, no thread and no lock is left. A closed archive can't be started again.
 A15 search    `search` finds the entries whose words, set by `index`, match a query, newest first, in pages.
                An entry that was trimmed, or whose words were removed, is not found. `index` goes through an
                epoch in order: of several nodes that index the same part, one succeeds. A search that takes
                longer than `timeout` is cancelled and raises `ArchiveUnavailable`.
 A16 erase      `erase` replaces the payloads of entries, and removes their keys, authors and words. Their
                offsets and times stay, and so does the chain. Appending an erased entry again changes
                nothing. When `purge` has returned true, the files of an archive that is not `shared` have
                nothing of what was erased before.
 A17 marks      `mark` moves the marks of users forward, and never back. In another epoch than before a mark
                is ahead if it moved later. Of each user it keeps the ones that moved last. `unread` counts
                the messages of others behind a mark that are indexed (A15), and those of them that mention
                the user. `named` finds the users with marks in a room by their names. `forget` removes marks.
 A18 references `references` finds, at any distance, which entries change an entry or reply to it, through the
                offset that it names. `index` and `record` add them in order, as in A15. A reference leaves
                with the entry that refers.
 A19 rewind     `rewind` removes the entries after an offset, with their words and references, if the head is
                still the one that was given. Then the last entry that stays is the head, and others may
                follow it. Marks after it move back. What was read before is not indexed afterwards.
 A20 pushes     `subscriptions` keeps the push subscriptions of users by their endpoints: so many of each
                user, the ones that were stored last, and so many in all. It removes those that are too old.

What is not promised: that an entry whose `append` failed is absent for ever. The next page shows whether it
is stored.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from archive.entries import (
    ERASED,
    ArchivedEntry,
    ArchivedKey,
    ArchiveHead,
    ArchivePage,
    Author,
    Mark,
    Unread,
)
from archive.options import ArchiveOptions, ArchiveRetention
from archive.paging import check_place
from archive.references import Reference, ReferenceIndex
from archive.search import FoundPage, Searchable, SearchQuery, Unindexed
from archive.subscriptions import PushSubscriptions

__all__ = [
    "ERASED", "Archive", "ArchiveHead", "ArchiveOptions", "ArchivePage", "ArchiveRetention",
    "ArchivedEntry", "ArchivedKey", "Author", "Mark", "Unread", "check_place",
]  # fmt: skip


class Archive(ABC):
    """A node's end of the archive. The promises A1-A20 stand in the module's docstring."""

    shared: ClassVar[bool] = False

    def __init__(self, options: ArchiveOptions) -> None:
        self.options = options

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the data is, for people: a path, or an address without its password."""

    @property
    @abstractmethod
    def lineage(self) -> str:
        """The name of this history; rooms that begin take it as their epoch.

        It stays the same for as long as nothing that was stored is lost. An older copy that is put back gets
        another one, and so do the epochs that it named: offsets that clients have seen aren't used again.
        """

    @property
    @abstractmethod
    def references(self) -> ReferenceIndex:
        """Which entries refer to which (A18)."""

    @property
    @abstractmethod
    def subscriptions(self) -> PushSubscriptions:
        """Where users receive pushes (A20)."""

    @abstractmethod
    async def start(self) -> None:
        """Open the archive, and bring its schema to the newest version (A1, A12).

        Raises:
            ArchiveInUse: another process has it open.
            ArchiveDamaged: it isn't an archive, or can't be read.
            ArchiveMisconfigured: it can't be used as it is set up, or was written by a newer version.
            ArchiveUnavailable: it can't be read or written now.
        """

    @abstractmethod
    async def close(self) -> None:
        """Finish the appends under way, and release the storage (A14). Idempotent."""

    @abstractmethod
    def append(self, batch: Sequence[ArchivedEntry]) -> asyncio.Future[None]:
        """Store a batch in one transaction (A2-A4).

        A plain method that returns a future, so that calls keep their order without a task for each. It never
        raises itself. An empty batch writes too: it shows whether the archive can be written.

        Raises (through the future):
            ArchiveUnavailable: not stored, or not known to be; append it again.
            ArchiveConflict: a position is taken by another entry.
            ArchiveDamaged, ArchiveClosed: not stored.
        """

    @abstractmethod
    async def page(
        self,
        room: str,
        epoch: str,
        *,
        after: int | None = None,
        before: int | None = None,
        around: int | None = None,
        limit: int,
    ) -> ArchivePage:
        """Read up to `limit` entries of one epoch of a room, oldest first (A5).

        `after`: the first ones after that offset. `before`: the last ones before it. `around`: half of
        them ahead of it, the rest from it on. None of the three: the last ones.
        """

    @abstractmethod
    async def heads(self, rooms: Iterable[str] | None = None) -> dict[str, ArchiveHead]:
        """Read the heads of some rooms, or of all; those without entries are left out (A6)."""

    @abstractmethod
    async def rooms(self, *, after: str | None = None, limit: int) -> list[str]:
        """Read the names of up to `limit` rooms with a head, in the order of their UTF-8 bytes (A6).

        `after` is the last one of the previous call.
        """

    @abstractmethod
    async def epochs(self, room: str) -> list[ArchiveHead]:
        """Read the heads of all epochs of a room, the oldest epoch first (A6)."""

    @abstractmethod
    async def newest(self, rooms: Iterable[str]) -> dict[str, int]:
        """Read when the entry at the head of each room was stored, in ms since 1970 (A6).

        Rooms without a head are left out, and those whose last entry was trimmed.
        """

    @abstractmethod
    async def keys(
        self, room: str, epoch: str, *, since: int, before: int | None = None, limit: int
    ) -> list[ArchivedKey]:
        """Read up to `limit` keys that were stored since a time (ms since 1970), newest first (A7).

        `before` continues ahead of the offset of the last one of the previous call.
        """

    @abstractmethod
    async def unindexed(self, *, limit: int) -> list[Unindexed]:
        """Read up to `limit` epochs with entries that were not indexed (A15)."""

    @abstractmethod
    async def index(
        self,
        room: str,
        epoch: str,
        *,
        since: int,
        through: int,
        changes: Sequence[Searchable],
        references: Sequence[Reference] = (),
    ) -> bool:
        """Set the words and the references of entries: an epoch is indexed through an offset (A15, A18).

        `since` is where the caller's part begins. Return whether it was the next part; if not, nothing is
        changed. `changes` may name entries ahead of `since`: an edit changes the words of an earlier one.
        """

    @abstractmethod
    async def search(self, query: SearchQuery, *, before: str | None = None, limit: int) -> FoundPage:
        """Read up to `limit` hits, newest first (A15). `before` is the place that the last page returned.

        Raises:
            ValueError: `before` is not such a place.
        """

    @abstractmethod
    async def erase(self, room: str, epoch: str, offsets: Sequence[int], payload: bytes) -> int:
        """Replace the payloads of entries for good, and set the author `ERASED`; return their number (A16).

        Offsets without an entry, and entries that were erased before, are not counted.
        """

    @abstractmethod
    async def rewind(
        self, room: str, epoch: str, offset: int, *, head: int, changes: Sequence[Searchable] = ()
    ) -> bool:
        """Remove what a broker has lost: the entries after an offset (A19).

        `head` is the last offset as the caller has read it. Return whether it still was; if not, nothing is
        changed. `changes` set the words of entries that stay, and that removed ones had edited or deleted.
        """

    @abstractmethod
    async def purge(self) -> bool:
        """Free the storage of what was erased, for some milliseconds; report whether all of it is free (A16).

        An archive on a server leaves that to the server.
        """

    @abstractmethod
    async def mark(self, marks: Sequence[Mark], *, most: int) -> None:
        """Move marks forward, and keep up to `most` of each of these users (A17)."""

    @abstractmethod
    async def marks(self, user: str, *, after: str | None = None, limit: int) -> list[Mark]:
        """Read up to `limit` marks of a user, by the UTF-8 bytes of the rooms, behind a room (A17)."""

    @abstractmethod
    async def marks_in(self, user: str, rooms: Iterable[str]) -> dict[str, Mark]:
        """Read the marks of a user in some rooms (A17)."""

    @abstractmethod
    async def unread(self, marks: Sequence[Mark], *, most: int) -> dict[str, Unread]:
        """Count up to `most` messages behind each of one user's marks, by room (A17).

        A mark of another epoch is ahead of the whole room. Rooms without a head are left out.
        """

    @abstractmethod
    async def named(self, room: str, names: Iterable[str]) -> dict[str, str]:
        """Find the users with marks in a room by the names of their marks (A17): a name to an id.

        Of several users with one name, the one whose mark moved last counts.
        """

    @abstractmethod
    async def forget(self, user: str, room: str | None = None) -> None:
        """Remove the marks of a user, or the one in a room (A17)."""

    @abstractmethod
    async def trim(self) -> bool:
        """Apply the retention to a part of the rooms, and free storage; report whether all rooms had a turn.

        What is beyond the retention is not returned any more, whether or not this was called: it only keeps
        the storage small. One call takes a few milliseconds.
        """

    def stats(self) -> Mapping[str, float]:
        """Report gauges for the metrics: a short name in snake_case to a number. None by default."""
        return {}
