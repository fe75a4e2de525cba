"""Catching up members from the broker's history, where the room's log doesn't reach.

Reads are shared: members that lack the same page at the same time wait for one read.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final, NamedTuple

from brokers.base import Broker, Entry, Page, Position
from brokers.errors import BrokerError
from hubbub_protocol import Close, encode, events
from service.backoff import Backoff
from service.codecs import Codec
from service.fanout import Member
from service.frames import text_frame
from service.log import RoomLog
from service.metrics import Metrics
from service.tasks import Tasks

PAGE: Final = 200
FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 5.0

_logger: Final = logging.getLogger(__name__)


class _Ask(NamedTuple):
    """A page of history that is asked for."""

    after: int | None
    before: int | None
    limit: int


class CatchUp:
    """Reads history for one room's members."""

    __slots__ = ("_broker", "_log", "_metrics", "_name", "_reads", "_tasks")

    def __init__(self, name: str, log: RoomLog, broker: Broker, tasks: Tasks, metrics: Metrics) -> None:
        self._name = name
        self._log = log
        self._broker = broker
        self._tasks = tasks
        self._metrics = metrics
        self._reads: dict[_Ask, asyncio.Task[Page | BrokerError]] = {}

    async def read(self, after: int, limit: int = PAGE) -> Page:
        """Read a page behind an offset; calls for the same page at the same time share one read.

        Raises:
            BrokerError: the history can't be read now.
        """
        return await self._share(_Ask(after, None, limit))

    async def read_last(self, before: int, limit: int) -> Page:
        """Read the page ahead of an offset, shared and raising like `read`."""
        return await self._share(_Ask(None, before, limit))

    async def _share(self, ask: _Ask) -> Page:
        task = self._reads.get(ask)
        if task is None:
            task = self._reads[ask] = self._tasks.start(self._read(ask), name=f"history of {self._name!r}")
        # Shielded: one reader that goes away must not end the read of the others.
        page = await asyncio.shield(task)
        if isinstance(page, BrokerError):
            raise page
        return page

    async def _read(self, ask: _Ask) -> Page | BrokerError:
        try:
            return await self._broker.history(self._name, after=ask.after, before=ask.before, limit=ask.limit)
        except BrokerError as error:
            # Expected of a broker: it's the readers' to handle, and no fault of this task.
            return error
        finally:
            del self._reads[ask]

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
        page = await self.read(member.cursor)
        return await self.read(0) if _elsewhere(page, member) else page

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
    if member.codec.speaks_events:
        event = events.Reset(room=room, epoch=position.epoch, offset=position.offset)
        member.outlet.write(text_frame(encode(event)))
    else:
        member.outlet.close(Close.LAGGING, "messages were lost: reconnect")


def _elsewhere(page: Page, member: Member) -> bool:
    """Tell whether a room has no such place as a member's."""
    return page.head.epoch != member.epoch or page.head.offset < member.cursor


def _block(codec: Codec, room: bytes, entries: list[Entry]) -> bytes:
    return b"".join(codec.frame(room, entry) for entry in entries)
