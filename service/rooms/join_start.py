"""Where a member begins: what `join` answers, from the room's log if it can, from history if it must."""

from __future__ import annotations

from typing import Final

from brokers.base import Entry, Page, Position
from hubbub_protocol.commands import Since
from service.rooms.room import Room
from service.wire.responses import JoinStart

# Reads of what is trimmed again and again before it comes.
_TRIES: Final = 3


async def find_start(room: Room, since: Since | None, limit: int) -> JoinStart:
    """Find out what a joining client is given.

    Raises:
        BrokerError: history is needed, and can't be read now.
    """
    start = start_at_once(room, since, limit)
    if start is None and since is not None:
        start = await _recover(room, since, limit)
    return start or await _last(room, limit)


def start_at_once(room: Room, since: Since | None, limit: int) -> JoinStart | None:
    """Find out what a joining client is given, as `find_start` does; None if the log doesn't tell."""
    # Ahead of reading too, so that what is too old makes room.
    room.expire()
    log = room.log
    if since is None:
        entries = log.last(limit) if limit else []
        if len(entries) < limit and log.base and not room.reader.history.at_bottom:
            return None
        return _start_last(log.epoch, entries, log.end)
    if since.offset > log.end or not log.reaches(since.epoch, since.offset):
        return None
    return _recovered(since, log.after(since.offset, limit) if limit else [], log.end)


async def _recover(room: Room, since: Since, limit: int) -> JoinStart | None:
    """Go on behind a position (RM2); None if that can't be done (RM3)."""
    log, history = room.log, room.reader.history
    position = Position(since.epoch, since.offset)
    if position.epoch != log.epoch:
        return None
    if position.offset > log.end:
        # Another node told the client more than this one knows yet: only the broker can say if it's true.
        head = await history.head()
        if head.epoch != position.epoch or head.offset < position.offset:
            return None
    await history.reach(position)
    room.expire()
    if log.reaches(*position):
        return _recovered(since, log.after(position.offset, limit) if limit else [], log.end)
    if history.at_bottom:
        return None
    page = await history.behind(position.offset, max(limit, 1))
    if _broken(page, position) or log.epoch != position.epoch:
        return None
    return _recovered(since, list(page.entries[:limit]), log.end)


def _recovered(since: Since, entries: list[Entry], end: int) -> JoinStart:
    cursor = entries[-1].offset if entries else since.offset
    return JoinStart(since.epoch, cursor, max(end, cursor), recovered=True, entries=entries)


def _broken(page: Page, position: Position) -> bool:
    return page.trimmed or page.head.epoch != position.epoch or page.head.offset < position.offset


async def _last(room: Room, limit: int) -> JoinStart:
    """Begin with the room's last messages (RM1)."""
    log, history, epoch = room.log, room.reader.history, room.log.epoch
    await history.fill(limit)
    room.expire()
    entries = log.last(limit) if limit else []
    if len(entries) < limit and log.base and not history.at_bottom:
        # The log can't hold as many, or the broker keeps what seems too old to us.
        entries = await _older(room, limit)
    if log.epoch != epoch:
        # The room began anew meanwhile: neither what was here nor what was read goes on.
        return await _last(room, limit)
    return _start_last(log.epoch, entries, log.end)


def _start_last(epoch: str, entries: list[Entry], end: int) -> JoinStart:
    cursor = entries[-1].offset if entries else end
    return JoinStart(epoch, cursor, cursor, recovered=False, entries=entries)


async def _older(room: Room, limit: int) -> list[Entry]:
    """Read what the log doesn't hold, and put it ahead of what the log holds by then.

    In a busy room that keeps little, all that was asked for may be trimmed before it's read: ask again.
    """
    log = room.log
    for _ in range(_TRIES):
        asked_at = log.end
        page = await room.reader.history.last(asked_at + 1, limit)
        older = [entry for entry in page.entries if entry.epoch == log.epoch and entry.offset <= log.base]
        if older and older[-1].offset == log.base:
            return [*older, *log.last(limit)][-limit:]
        if log.end == asked_at:
            break
    return log.last(limit)
