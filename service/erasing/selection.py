"""What is to be erased: a plain object that finds its entries in pages of history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from typing_extensions import override

from service.wire.messages import Stored, read_stored

# Found messages are remembered for so many positions. Edits that follow later are found by their author.
REACH: Final = 10_000


class Selection(msgspec.Struct, frozen=True, omit_defaults=True):
    """What to erase. All conditions that are given must hold; at least one is.

    Attributes:
        room: only in this room.
        messages: only these messages of the room, and what changed them.
        user: only what the user with this id wrote.
        before: only what was stored before this time (ms since 1970).
    """

    room: str | None = None
    messages: tuple[int, ...] | None = None
    user: str | None = None
    before: int | None = None

    @override
    def __str__(self) -> str:
        parts = [
            "" if self.messages is None else f"messages {', '.join(map(str, self.messages))}",
            "" if self.user is None else f"user {self.user}",
            "" if self.before is None else f"before {self.before}",
            "all rooms" if self.room is None else f"room {self.room}",
        ]
        return "; ".join(filter(None, parts))

    @property
    def names_user(self) -> str | None:
        """The user of whom all is to be erased, in the room or in all rooms: then the read marks are too."""
        return self.user if self.messages is None and self.before is None else None

    def fault(self) -> str | None:
        """Describe what is wrong with it, as a sentence; None if it is valid."""
        if self.room is None and self.user is None and self.before is None:
            return "Nothing is selected: give `room`, `user` or `before`."
        if self.messages is not None and self.room is None:
            return "`messages` needs `room`: offsets are those of one room."
        return None


class StoredEntry(NamedTuple):
    """An entry on a page of history: where it is, when it was stored, and its payload."""

    offset: int
    at: int
    payload: bytes


class EntrySelector:
    """Finds the entries of one epoch that a selection names. Pages are read in order.

    Attributes:
        selection: what they are to match.
        messages: the offsets of found messages, but of those with a deletion that stays.
        reactions: found reactions to other messages.
        files: the ids of the files of found messages.
        end: the offset of the last entry on the pages so far.
    """

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self._wanted = None if selection.messages is None else frozenset(selection.messages)
        self._found: dict[int, None] = {}
        # The last entry that is old enough, if the selection has a time.
        self._last_old = 0
        self.messages: dict[int, None] = {}
        self.reactions: dict[int, Stored] = {}
        self.files: list[str] = []
        self.end = 0

    def select(self, entries: Iterable[StoredEntry]) -> Sequence[int]:
        """Return the offsets of those that are to be erased."""
        offsets, selection = [], self.selection
        for entry in entries:
            self.end = entry.offset
            stored = read_stored(entry.payload)
            if stored is None or stored.is_erased:
                continue
            if selection.before is not None and entry.at < selection.before:
                self._last_old = entry.offset
            if stored.change is not None and stored.target in self._found:
                # An edit has the text of the message, whichever user the selection names.
                if stored.text is not None or self._names(entry, stored):
                    offsets.append(entry.offset)
                elif stored.change == "delete":
                    self.messages.pop(stored.target, None)
            elif self._names(entry, stored) or self._is_late_edit(stored):
                offsets.append(entry.offset)
                self._remember(entry.offset, stored)
        return offsets

    def _names(self, entry: StoredEntry, stored: Stored) -> bool:
        selection = self.selection
        return (
            (self._wanted is None or entry.offset in self._wanted)
            and (selection.user is None or stored.user_id == selection.user)
            and (selection.before is None or entry.at < selection.before)
        )

    def _is_late_edit(self, stored: Stored) -> bool:
        """Return whether an entry edits a message that is old enough, and not remembered any more."""
        return (
            stored.change == "edit"
            and self._wanted is None
            and (self.selection.user is None or stored.user_id == self.selection.user)
            and stored.target <= self._last_old
        )

    def _remember(self, offset: int, stored: Stored) -> None:
        if stored.change is None:
            self._found[offset] = None
            self.files += (each.id for each in stored.files)
            if stored.text or stored.files:
                self.messages[offset] = None
        elif stored.change == "react":
            self.reactions[offset] = stored
        if self._wanted is not None:
            # So few that all are remembered (B81).
            return
        kept: tuple[dict[int, Any], ...] = (self._found, self.messages, self.reactions)
        for found in kept:
            while found and next(iter(found)) < offset - REACH:
                del found[next(iter(found))]
