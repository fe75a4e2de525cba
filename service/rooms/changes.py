"""Find what changes messages or replies to them: in the room's log, and where that ends, in the history.

A change comes after its message, and retention removes the oldest entries first. So whatever keeps a message
keeps its changes too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from brokers.base import Broker, Entry, Position
from hubbub_protocol import events
from service.rooms.change_index import ChangeIndex
from service.rooms.log import RoomLog
from service.rooms.read_ahead import WINDOW, ReadAhead, Reference, Reply, references
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


class ChangeReader:
    """Reads the changes of one room. `log` is that of the open room; without it, everything is read."""

    __slots__ = ("_ahead", "_broker", "_log", "room")

    def __init__(self, room: str, broker: Broker, log: RoomLog | None) -> None:
        self.room = room
        self._broker = broker
        self._log = log
        self._ahead = ReadAhead(room, broker, log)

    async def fold(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return the messages of a page, with their changes folded into them (CG6), and replies counted.

        Raises:
            BrokerError: the history can't be read now.
        """
        index, replies = await self._index(entries)
        return [
            with_replies(index.fold(entry), *replies.get(entry.offset, _NONE))
            for entry in entries
            if not is_change(entry)
        ]

    async def redact(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return a page without the texts of deleted messages (CG3). Raises as `fold`."""
        index, _ = await self._index(entries)
        return [_redacted(entry, index) for entry in entries]

    def target_at_once(self, offset: int) -> Target | None:
        """Return the entry at an offset if the log has it."""
        entry = self._log.get(offset) if self._log is not None else None
        if entry is None or self._log is None:
            return None
        return _target(entry, self._log.changes)

    async def target(self, offset: int, epoch: str | None) -> Target | None:
        """Return the entry at an offset; None if it is no longer kept. Raises as `fold`.

        `epoch`: the epoch of the offset, by default the room's.
        """
        page = await self._broker.history(self.room, before=offset + 1, limit=1)
        entry = page.entries[-1] if page.entries else None
        if entry is None or entry.offset != offset or page.head.offset - offset > WINDOW:
            return None
        if epoch is not None and entry.epoch != epoch:
            return None
        index, _ = await self._index([entry])
        return _target(entry, index)

    async def _index(self, entries: Sequence[Entry]) -> tuple[ChangeIndex, dict[int, CountedReplies]]:
        """Index the changes of a page's messages and the replies to them, up to the end of the room."""
        index = ChangeIndex()
        if not entries:
            return index, {}
        found = list(references(entries))
        targets = {entry.offset for entry in entries} | {each.target for each in found}
        last = entries[-1]
        found += await self._ahead.changes(Position(last.epoch, last.offset), targets)
        # From here on without an `await`, so that the log continues where the read ended.
        if self._log is not None and self._log.epoch == last.epoch:
            for target in targets:
                found += self._log.changes.of(target)
                found += (Reply(target, offset) for offset in self._log.replies.of(target))
        replies: dict[int, CountedReplies] = {}
        for each in sorted({each.offset: each for each in found}.values(), key=_offset):
            if isinstance(each, Reply):
                replies[each.target] = CountedReplies(replies.get(each.target, _NONE).number + 1, each.offset)
            else:
                index.add(each)
        return index, replies


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
