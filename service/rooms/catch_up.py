"""Catching up members from the broker's history, where the room's log doesn't reach."""

from __future__ import annotations

import logging
from typing import Final

from brokers.base import Broker, Entry, Page, Position
from brokers.errors import BrokerError
from hubbub_protocol import Close, encode, events
from service.rooms.history import HistoryReader
from service.rooms.log import RoomLog
from service.rooms.member import Member
from service.runtime.backoff import Backoff
from service.runtime.metrics import Metrics
from service.runtime.tasks import Tasks
from service.wire.codecs import Codec
from service.wire.frames import text_frame

FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 1.0

_logger: Final = logging.getLogger(__name__)


class CatchUp:
    """Gives one room's members what `history` reads."""

    __slots__ = ("_log", "_metrics", "_name", "_tasks", "history")

    def __init__(self, name: str, log: RoomLog, broker: Broker, tasks: Tasks, metrics: Metrics) -> None:
        self._name = name
        self._log = log
        self._tasks = tasks
        self._metrics = metrics
        self.history = HistoryReader(name, log, broker, tasks)

    def recover(self, member: Member) -> None:
        """Bring a member up to where the log goes on, in a task of its own."""
        member.recovering = True
        self._tasks.start(self._recover(member), name=f"catch up in {self._name!r}")

    async def _recover(self, member: Member) -> None:
        backoff = Backoff(FIRST_WAIT, LONGEST_WAIT)
        try:
            while self._lacks(member):
                try:
                    before = member.epoch, member.cursor
                    await self.history.reach(Position(*before))
                    if not self._lacks(member):
                        continue
                    page = await self._page(member)
                    if before != (member.epoch, member.cursor):
                        # The room began anew meanwhile: what was read may not go on where the member is.
                        continue
                    if self._lacks(member) and self._give(member, page):
                        continue
                except BrokerError as error:
                    _logger.warning("catch_up_waits", extra={"room": self._name, "reason": str(error)})
                await backoff.rest()
        finally:
            member.recovering = False
        member.fanout.catch_up(member)

    def _lacks(self, member: Member) -> bool:
        """Tell whether only history can help a member, and whether it can take it now."""
        if not member.fanout.is_behind(member) or member.outlet.paused:
            return False
        return not self._log.reaches(member.epoch, member.cursor)

    async def _page(self, member: Member) -> Page:
        """Read the page behind a member's cursor; all that is kept, if the room has no such place."""
        page = await self.history.behind(member.cursor)
        return await self.history.behind(0) if _elsewhere(page, member) else page

    def _give(self, member: Member, page: Page) -> bool:
        """Give a member a page; tell whether it got on (a replica that trails has nothing yet)."""
        if page.trimmed or _elsewhere(page, member):
            self._reset(member, page)
            return True
        entries = [entry for entry in page.entries if entry.offset > member.cursor]
        if entries:
            block = _block(member.codec, self._log.room, entries)
            member.outlet.write(block)
            self._metrics.bytes_out += len(block)
            member.cursor = entries[-1].offset
        self._metrics.catchups.add("history")
        self._metrics.deliveries += len(entries)
        return bool(entries)

    def _reset(self, member: Member, page: Page) -> None:
        """Put a member behind a gap that can't be filled, and tell it (RM6)."""
        start = page.entries[0].prev if page.entries else page.head.offset
        member.epoch, member.cursor = page.head.epoch, start
        self._metrics.resets += 1
        tell_reset(member, self._name, Position(member.epoch, start))


def tell_reset(member: Member, room: str, position: Position) -> None:
    """Tell a member of a gap (RM6). One that can't be told is closed: it mustn't go on as if nothing was."""
    if member.codec.supports_events:
        event = events.Reset(room=room, epoch=position.epoch, offset=position.offset)
        member.outlet.write(text_frame(encode(event)))
    else:
        member.outlet.close(Close.LAGGING, "messages were lost: reconnect")


def _elsewhere(page: Page, member: Member) -> bool:
    """Tell whether a room has no such place as a member's."""
    return page.head.epoch != member.epoch or page.head.offset < member.cursor


def _block(codec: Codec, room: bytes, entries: list[Entry]) -> bytes:
    return b"".join(codec.frame(room, entry) for entry in entries)
