"""Where a member starts: the answer to `join`, from the room's log if possible, otherwise from history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from brokers.base import UNWRITTEN, Entry, Page, Position
from hubbub_protocol.commands import Since
from service.rooms.log import RoomLog
from service.rooms.room import Room
from service.rooms.slices import first_of, last_of
from service.wire.responses import JoinStart

# Reads, when entries are trimmed before they are read.
_TRIES: Final = 3


async def find_start(room: Room, since: Since | None, limit: int) -> JoinStart:
    """Return the entries and the position with which a joining client starts.

    Raises:
        BrokerError: history is needed, and can't be read now.
    """
    since = _in_epoch(room, since)
    start = start_at_once(room, since, limit)
    if start is None and since is not None:
        start = await _recover(room, since, limit)
    return start or await _last(room, limit)


def start_at_once(room: Room, since: Since | None, limit: int) -> JoinStart | None:
    """Return what `find_start` returns if the log has it, otherwise None."""
    since = _in_epoch(room, since)
    # Before reading too, so that expired entries free capacity.
    room.expire()
    log = room.log
    if since is None:
        messages = log.last_messages(limit)
        if len(messages) < limit and log.base and not room.catch_up.history.at_start:
            return None
        return _start_last(log.epoch, messages, log.end)
    if since.offset > log.end or not log.reaches(since.epoch, since.offset) or _is_lost(log, since.offset):
        return None
    return _recovered(since, log.after(since.offset, limit) if limit else [], log.end)


def _in_epoch(room: Room, since: Since | None) -> Since | None:
    """Translate a position before a room's first entry into the epoch that this entry began (RM10)."""
    if since is not None and since.epoch == UNWRITTEN and not since.offset:
        return Since(epoch=room.log.epoch, offset=0)
    return since


async def _recover(room: Room, since: Since, limit: int) -> JoinStart | None:
    """Resume after a position (RM2); return None if that isn't possible (RM3)."""
    log, history = room.log, room.catch_up.history
    position = Position(since.epoch, since.offset)
    if position.epoch != log.epoch:
        return None
    if position.offset > log.end:
        # The client was on a node that is ahead of this one: only the broker knows the room's head.
        head = await history.head()
        if head.epoch != position.epoch or head.offset < position.offset:
            return None
    await history.read_back_to(position)
    room.expire()
    if log.reaches(*position):
        found = log.after(position.offset, limit) if limit else []
        return None if _is_lost(log, position.offset) else _recovered(since, found, log.end)
    if history.at_start:
        return None
    page = await history.after(position.offset, max(limit, 1))
    if _is_gap(page, position) or log.epoch != position.epoch:
        return None
    return _recovered(since, list(page.entries[:limit]), log.end)


def _recovered(since: Since, found: Sequence[Entry], end: int) -> JoinStart:
    entries = first_of(found)
    cursor = entries[-1].offset if entries else since.offset
    return JoinStart(since.epoch, cursor, max(end, cursor), recovered=True, entries=entries)


def _is_lost(log: RoomLog, offset: int) -> bool:
    """Return whether the room continues from before an offset: a failover lost what the client has seen."""
    return any(entry.prev < offset for entry in log.after(offset, 1))


def _is_gap(page: Page, position: Position) -> bool:
    if page.trimmed or page.head.epoch != position.epoch or page.head.offset < position.offset:
        return True
    return any(entry.prev < position.offset for entry in page.entries[:1])


async def _last(room: Room, limit: int) -> JoinStart:
    """Start with the room's last messages (RM1)."""
    log, history, epoch = room.log, room.catch_up.history, room.log.epoch
    await history.read_back_count(limit)
    room.expire()
    messages, end = log.last_messages(limit), log.end
    if len(messages) < limit and log.base and not history.at_start:
        # The log can't hold that many, or the broker keeps what has expired here.
        entries = await _older(room, limit)
        end = entries[-1].offset if entries else log.end
        messages = await room.changes.fold(last_of(entries))
    if log.epoch != epoch:
        # The log restarted meanwhile: neither its entries nor those that were read continue there.
        return await _last(room, limit)
    return _start_last(log.epoch, messages, end)


def _start_last(epoch: str, messages: list[Entry], end: int) -> JoinStart:
    return JoinStart(epoch, end, end, recovered=False, entries=last_of(messages))


async def _older(room: Room, limit: int) -> list[Entry]:
    """Read what the log doesn't hold, and prepend it to what the log holds by then.

    In a busy room with a short log, the wanted entries may be trimmed before they are read: read again.
    """
    log = room.log
    for _ in range(_TRIES):
        asked_at = log.end
        page = await room.catch_up.history.last(asked_at + 1, limit)
        older = [entry for entry in page.entries if entry.epoch == log.epoch and entry.offset <= log.base]
        if older and older[-1].offset == log.base:
            return [*older, *log.last(limit)][-limit:]
        if log.end == asked_at:
            break
    return log.last(limit)
