"""What the chain says: which entries the archive lacks, which belong to the history, and where it has a gap.

Nothing here does I/O. Every entry names the one before it (`prev`), so these questions have exact answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archive.base import ERASED, ArchivedEntry, ArchiveHead
from brokers.base import Entry, Page, Position
from service.archiving.entries import entry_of, identity_of
from service.wire.messages import ERASED_PAYLOAD


class TrimmedGap(NamedTuple):
    """Entries that no store has any more: those after `after`, up to `through`."""

    after: int
    through: int


def missing(archived: ArchiveHead | None, head: Position) -> Position | None:
    """Return the position after which the archive lacks entries of a room; None if it lacks none.

    The archive is copied in order, so what it lacks is always the end. `head` is the room's last position.
    """
    if not head.offset:
        return None
    if archived is None or archived.epoch != head.epoch:
        return Position(head.epoch, 0)
    return Position(*archived[:2]) if archived.offset < head.offset else None


def gap(start: Position, entries: Sequence[Entry]) -> TrimmedGap | None:
    """Return what was trimmed before it could be copied: `entries` were read after `start`.

    In a room of which the archive has nothing, the archive only begins there.
    """
    if not start.offset or not entries or entries[0].prev <= start.offset:
        return None
    return TrimmedGap(start.offset, entries[0].prev)


def is_ahead(archived: ArchiveHead | None, head: Position) -> bool:
    """Return whether the archive goes beyond the last position of a room: the broker has lost its end."""
    return archived is not None and archived.epoch == head.epoch and archived.offset > head.offset


def agreed_through(held: Sequence[Entry], archived: Sequence[ArchivedEntry]) -> int | None:
    """Return the offset up to which the archive agrees with a run of the broker; None if nowhere in it.

    `archived` is what the archive has in the range of the run. What follows the last entry that both have
    is different in both.
    """
    known = {entry.offset: entry for entry in archived}
    for place in range(len(held) - 1, -1, -1):
        entry = held[place]
        if entry.offset in known and _is_same(entry, known[entry.offset]):
            return held[place + 1].prev if place + 1 < len(held) else entry.offset
    return None


def _is_same(entry: Entry, archived: ArchivedEntry) -> bool:
    """Return whether two entries at one offset are the same one: either may have been erased or redacted."""
    is_erased = archived.author == ERASED or entry.payload == ERASED_PAYLOAD
    return is_erased or identity_of(entry.payload) == identity_of(archived.payload)


def along(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries without those that the chain skips.

    The log of a node may hold entries that the broker delivered, and that a failover lost. The entry after
    them names the one after which the room continues.
    """
    found: list[Entry] = []
    for entry in entries:
        while found and found[-1].offset > entry.prev:
            found.pop()
        found.append(entry)
    return found


def first_run(entries: Sequence[ArchivedEntry]) -> list[ArchivedEntry]:
    """Return the entries up to the first gap."""
    for index in range(1, len(entries)):
        if entries[index].prev > entries[index - 1].offset:
            return list(entries[:index])
    return list(entries)


def last_run(entries: Sequence[ArchivedEntry]) -> list[ArchivedEntry]:
    """Return the entries after the last gap."""
    for index in range(len(entries) - 1, 0, -1):
        if entries[index].prev > entries[index - 1].offset:
            return list(entries[index:])
    return list(entries)


def join_after(page: Page, archived: Sequence[ArchivedEntry], after: int, limit: int) -> Page:
    """Answer a read after an offset, of which the broker has trimmed the beginning.

    `archived` is what the archive has after the offset.
    """
    run = first_run(_ahead(page, archived))[:limit]
    if not run:
        return page
    entries = tuple(map(entry_of, run))
    # Later reads continue after the last entry: in the archive, or in the broker.
    more = entries[-1].offset < page.head.offset
    return Page(entries, page.head, trimmed=run[0].prev > after, more=more)


def join_before(page: Page, archived: Sequence[ArchivedEntry], limit: int, *, older: bool) -> Page:
    """Answer a read of which the broker has only the end, or nothing.

    `archived` is what the archive has ahead of that, and `older` whether it has more.
    """
    chain = _ahead(page, archived)
    run = last_run(chain)
    if page.entries and (not run or run[-1].offset < page.entries[0].prev):
        # A gap between the two: the next read continues after it.
        return page._replace(more=bool(chain) or older)
    room = limit - len(page.entries)
    kept = run[max(0, len(run) - room) :] if room else []
    entries = (*map(entry_of, kept), *page.entries)
    return Page(entries, page.head, trimmed=False, more=older or len(kept) < len(chain))


def _ahead(page: Page, archived: Sequence[ArchivedEntry]) -> list[ArchivedEntry]:
    """Return what lies ahead of the broker's part, along the chain.

    An archive may end with entries that the broker lost in a failover after they had been copied.
    """
    end = page.entries[0].prev if page.entries else page.head.offset
    return [entry for entry in archived if entry.offset <= end]
