"""Where a member begins: what `join` answers, from the room's log if it can, from history if it must."""

from __future__ import annotations

from brokers.base import Broker, Page
from hubbub_protocol.commands import Since
from service.answers import Start
from service.room import Room


async def find_start(room: Room, broker: Broker, since: Since | None, limit: int) -> Start:
    """Find out what a joining client is given.

    Raises:
        BrokerError: history is needed, and can't be read now.
    """
    room.expire()
    if since is not None:
        start = await _recover(room, broker, since, limit)
        if start is not None:
            return start
    return await _last(room, limit)


async def _recover(room: Room, broker: Broker, since: Since, limit: int) -> Start | None:
    """Go on behind a position (RM2); None if that can't be done (RM3)."""
    log = room.log
    if since.epoch != log.epoch:
        return None
    if since.offset > log.end:
        # Another node told the client more than this one knows yet: only the broker can say if it's true.
        head = (await broker.heads([room.name]))[room.name]
        if head.epoch != since.epoch or head.offset < since.offset:
            return None
    if log.reaches(since.epoch, since.offset):
        entries = log.after(since.offset, limit) if limit else []
    else:
        page = await room.reader.read(since.offset, max(limit, 1))
        if _broken(page, since) or log.epoch != since.epoch:
            return None
        entries = list(page.entries[:limit])
    cursor = entries[-1].offset if entries else since.offset
    return Start(since.epoch, cursor, max(log.end, cursor), recovered=True, entries=entries)


def _broken(page: Page, since: Since) -> bool:
    return page.trimmed or page.head.epoch != since.epoch or page.head.offset < since.offset


async def _last(room: Room, limit: int) -> Start:
    """Begin with the room's last messages (RM1)."""
    log, epoch = room.log, room.log.epoch
    entries = log.last(limit) if limit else []
    if len(entries) < limit and log.base:
        # The room is older than its log.
        page = await room.reader.read_last(log.end + 1, limit)
        if log.epoch != epoch:
            # The room began anew meanwhile: neither what was here nor what was read goes on.
            return await _last(room, limit)
        if page.head.epoch == log.epoch:
            entries = list(page.entries)
    cursor = entries[-1].offset if entries else log.end
    return Start(log.epoch, cursor, cursor, recovered=False, entries=entries)
