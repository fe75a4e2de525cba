"""The changes among the entries of a room's log, by the message that they change."""

from __future__ import annotations

from collections.abc import Sequence

from brokers.base import Entry
from hubbub_protocol import events
from hubbub_protocol.folding import ChangeKind
from service.wire.messages import fold_entry, stored_mentions


class ChangeIndex:
    """The changes in a run of entries. The log that owns it bounds it: a change leaves it with its entry."""

    __slots__ = ("_changes", "_count", "_folded")

    def __init__(self) -> None:
        self._changes: dict[int, list[events.Change]] = {}
        self._count = 0
        # Folded messages, until the next change of them.
        self._folded: dict[int, Entry] = {}

    def __len__(self) -> int:
        return self._count

    def add(self, change: events.Change, *, first: bool = False) -> None:
        """Add the newest change, or the `first` one."""
        changes = self._changes.setdefault(change.target, [])
        changes.insert(0 if first else len(changes), change)
        self._count += 1
        self._folded.pop(change.target, None)

    def remove_oldest(self, target: int) -> None:
        """Remove the oldest change of a message, because its entry was evicted."""
        changes = self._changes[target]
        del changes[0]
        self._count -= 1
        if not changes:
            del self._changes[target]
        self._folded.pop(target, None)

    def of(self, target: int) -> Sequence[events.Change]:
        """Return the changes of a message, oldest first."""
        return self._changes.get(target, ())

    def is_deleted(self, target: int) -> bool:
        """Return whether a message was deleted."""
        return any(change.change == ChangeKind.DELETE for change in self.of(target))

    def fold(self, entry: Entry) -> Entry:
        """Fold a message that is in the same run."""
        if entry.offset not in self._changes:
            return entry
        folded = self._folded.get(entry.offset)
        if folded is None:
            folded = self._folded[entry.offset] = fold_entry(entry, self._changes[entry.offset])
        return folded


def mentioned(entry: Entry, changes: ChangeIndex) -> Sequence[str]:
    """Return the ids of the users whom a message mentions now: an edit replaces them with its text."""
    edits = [change for change in changes.of(entry.offset) if change.change == ChangeKind.EDIT]
    return edits[-1].mentions or () if edits else stored_mentions(entry.payload)
