"""Find what changes messages or replies to them: in the room's log, and where that ends, in the history.

A change comes after its message, and retention removes the oldest entries first. So whatever keeps a message
keeps its changes too. The archive finds them by their message, at any distance. What it has not recorded yet,
or everything if there is no archive, is read ahead, up to a window.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from archive.references import ReplyPage
from brokers.base import Broker, Entry, Position
from hubbub_protocol import events
from service.archiving.entries import entry_of
from service.archiving.stored_references import MOST_REPLIES, StoredReferences
from service.rooms.change_index import ChangeIndex
from service.rooms.log import RoomLog
from service.rooms.read_ahead import ReadAhead, Reference, Reply, references
from service.rooms.slices import Turn, in_slices, next_turn
from service.settings.tuning import DEFAULTS
from service.wire.messages import (
    decode_change,
    decode_message,
    fold_entry,
    is_change,
    with_replies,
    without_text,
)


class Target(NamedTuple):
    """What a change names: the message as it is shown now, and its changes. No message: it is a change."""

    message: events.Message | None
    changes: Sequence[events.Change]


class CountedReplies(NamedTuple):
    """The number of replies to a message, and the offset of the last one."""

    number: int
    last: int


_NONE: Final = CountedReplies(0, 0)


class _Found(NamedTuple):
    """What refers to the messages of a page. Everything through `end` was found, and a window after it."""

    changes: ChangeIndex
    replies: Mapping[int, CountedReplies]
    end: int


class ChangeReader:
    """Reads the changes of one room.

    Args:
        log: that of the open room; without it, everything is read.
        stored: the references in the archive, if there is one.
        window: so many positions after a message are read where the archive does not help.
        turn: waits between two slices of a page.
    """

    __slots__ = ("_ahead", "_broker", "_log", "_stored", "_window", "room", "turn")

    def __init__(
        self,
        room: str,
        broker: Broker,
        log: RoomLog | None,
        stored: StoredReferences | None = None,
        *,
        window: int = DEFAULTS.change_window,
        turn: Turn = next_turn,
    ) -> None:
        self.room = room
        self._broker = broker
        self._log = log
        self._stored = stored
        self._window = window
        self.turn = turn
        self._ahead = ReadAhead(room, broker, log, window, turn)

    async def fold(self, entries: Sequence[Entry], *, is_run: bool = True) -> list[Entry]:
        """Return the messages of a page, with their changes folded into them (CG6), and replies counted.

        `is_run`: nothing lies between the entries.

        Raises:
            BrokerError: the history can't be read now.
        """
        found = await self._find(entries, is_run=is_run)
        messages: list[Entry] = []
        async for part in in_slices(entries, self.turn):
            messages += (
                with_replies(found.changes.fold(entry), *found.replies.get(entry.offset, _NONE))
                for entry in part
                if not is_change(entry)
            )
        return messages

    async def redact(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return a page without the texts of deleted messages (CG3). Raises as `fold`."""
        found = await self._find(entries)
        redacted: list[Entry] = []
        async for part in in_slices(entries, self.turn):
            redacted += (_redacted(entry, found.changes) for entry in part)
        return redacted

    @property
    def is_archived(self) -> bool:
        """Whether an archive has the references."""
        return self._stored is not None

    async def replies(self, epoch: str, root: int, *, before: int, limit: int) -> ReplyPage | None:
        """Read a page of the replies in a thread from the archive; None if it can't be read."""
        if self._stored is None:
            return None
        return await self._stored.replies(self.room, epoch, root, before=before, limit=limit)

    def target_at_once(self, offset: int) -> Target | None:
        """Return the entry at an offset if the log has it."""
        entry = self._log.get(offset) if self._log is not None else None
        if entry is None or self._log is None:
            return None
        return _target(entry, self._log.changes)

    async def target(self, offset: int, epoch: str | None) -> Target | None:
        """Return the entry at an offset; None if not all of its changes can be found. Raises as `fold`.

        `epoch`: the epoch of the offset, by default the room's.
        """
        page = await self._broker.history(self.room, before=offset + 1, limit=1)
        entry = page.entries[-1] if page.entries else None
        if entry is None or entry.offset != offset:
            return None
        if epoch is not None and entry.epoch != epoch:
            return None
        found = await self._find([entry])
        return _target(entry, found.changes) if page.head.offset - found.end <= self._window else None

    async def _find(self, entries: Sequence[Entry], *, is_run: bool = True) -> _Found:
        """Find the changes of a page's messages and the replies to them, up to the end of the room."""
        if not entries:
            return _Found(ChangeIndex(), {}, 0)
        last = entries[-1]
        first = last if is_run else entries[0]
        found = await references(entries, self.turn)
        targets = {entry.offset for entry in entries} | {each.target for each in found}
        end, replies = await self._find_stored(Position(first.epoch, first.offset), targets, found)
        for start in sorted({max(first.offset, end), max(last.offset, end)}):
            found += await self._ahead.changes(Position(last.epoch, start), targets)
        # From here on without an `await`, so that the log continues where the read ended.
        log = self._log if self._log is not None and self._log.epoch == last.epoch else None
        if log is not None:
            found += (change for target in targets for change in log.changes.of(target))
        index = ChangeIndex()
        for each in sorted({each.offset: each for each in found}.values(), key=_offset):
            if not isinstance(each, Reply):
                index.add(each)
            elif each.offset > end and (log is None or not log.base < each.offset <= log.end):
                _count(replies, each.target, 1, each.offset)
        if log is not None:
            _count_in_log(replies, log, targets, end)
        return _Found(index, replies, max(first.offset, end))

    async def _find_stored(
        self, start: Position, targets: Collection[int], found: list[Reference]
    ) -> tuple[int, dict[int, CountedReplies]]:
        """Add the changes in the archive to `found`; return the end of what it knows, and counted replies."""
        if self._stored is None or self._ahead.log_continues(start):
            return 0, {}
        stored = await self._stored.find(self.room, start.epoch, targets)
        if stored is None:
            return 0, {}
        changes = (decode_change(entry_of(entry)) for entry in stored.changes)
        found += (change for change in changes if change is not None and change.target in targets)
        return stored.through, {target: CountedReplies(*each) for target, each in stored.replies.items()}


def _count_in_log(
    replies: dict[int, CountedReplies], log: RoomLog, targets: Collection[int], end: int
) -> None:
    """Add the replies in a log after an offset, without a walk over them: one thread may have thousands."""
    for target in targets:
        offsets = log.replies.of(target)
        number = len(offsets) - bisect_right(offsets, end)
        if number:
            _count(replies, target, number, offsets[-1])


def _count(replies: dict[int, CountedReplies], target: int, number: int, last: int) -> None:
    before = replies.get(target, _NONE)
    replies[target] = CountedReplies(min(before.number + number, MOST_REPLIES), max(before.last, last))


def _target(entry: Entry, index: ChangeIndex) -> Target:
    if is_change(entry):
        return Target(None, ())
    return Target(decode_message(index.fold(entry)), index.of(entry.offset))


def _redacted(entry: Entry, index: ChangeIndex) -> Entry:
    change = decode_change(entry)
    if change is not None:
        return without_text(entry) if index.is_deleted(change.target) else entry
    return fold_entry(entry, index.of(entry.offset)) if index.is_deleted(entry.offset) else entry


def _offset(reference: Reference) -> int:
    return reference.offset
