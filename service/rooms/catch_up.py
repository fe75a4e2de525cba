"""Catch slow consumers up from the broker's history, where the room's log does not reach back far enough."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from brokers.base import Broker, Entry, Page, Position
from brokers.errors import BrokerError
from hubbub_protocol import Close, encode, events
from service.rooms.changes import ChangeReader
from service.rooms.history import HistoryReader
from service.rooms.log import RoomLog
from service.rooms.member import Member
from service.rooms.slices import in_slices
from service.runtime.backoff import Backoff
from service.runtime.metrics import Metrics
from service.runtime.tasks import Tasks
from service.wire.codecs import Codec
from service.wire.frames import text_frame

FIRST_WAIT: Final = 0.2
LONGEST_WAIT: Final = 1.0

_logger: Final = logging.getLogger(__name__)


class CatchUp:
    """Catches up one room's members with what `history` reads."""

    __slots__ = ("_log", "_metrics", "_name", "_tasks", "_turn", "history")

    def __init__(
        self, log: RoomLog, broker: Broker, tasks: Tasks, metrics: Metrics, changes: ChangeReader
    ) -> None:
        self._name = name = changes.room
        self._log = log
        self._tasks = tasks
        self._metrics = metrics
        self._turn = changes.turn
        self.history = HistoryReader(name, log, broker, tasks, changes.redact, turn=changes.turn)

    def recover(self, member: Member) -> None:
        """Start a task that catches a member up until the log reaches it."""
        member.recovering = True
        self._tasks.start(self._recover(member), name=f"catch up in {self._name!r}")

    async def _recover(self, member: Member) -> None:
        backoff = Backoff(FIRST_WAIT, LONGEST_WAIT)
        try:
            while self._needs_history(member):
                try:
                    before = member.epoch, member.cursor
                    await self.history.read_back_to(Position(*before))
                    if not self._needs_history(member):
                        continue
                    page = await self._page(member)
                    if before != (member.epoch, member.cursor):
                        # The room's log restarted meanwhile: the page may not continue at the member's
                        # position.
                        continue
                    if self._needs_history(member) and await self._write_page(member, page):
                        continue
                except BrokerError as error:
                    _logger.warning("catch_up_retry", extra={"room": self._name, "reason": str(error)})
                await backoff.wait()
        finally:
            member.recovering = False
        member.fanout.catch_up(member)

    def _needs_history(self, member: Member) -> bool:
        """Return whether only history can help a member, and its transport accepts output."""
        if not member.fanout.is_catching_up(member) or member.outlet.paused:
            return False
        return not self._log.reaches(member.epoch, member.cursor)

    async def _page(self, member: Member) -> Page:
        """Read the page after a member's cursor, or all that is kept if the room lacks that position."""
        page = await self.history.after(member.cursor)
        return await self.history.after(0) if _position_unknown(page, member) else page

    async def _write_page(self, member: Member, page: Page) -> bool:
        """Write a page to a member; return whether it advanced (a lagging replica may have nothing yet).

        A long page is written in several turns of the loop, as far as the member's transport accepts it.
        """
        if page.trimmed or _position_unknown(page, member):
            self._reset(member, page)
            return True
        self._metrics.catchups.add("history")
        entries = [entry for entry in page.entries if entry.offset > member.cursor]
        async with aclosing(in_slices(entries, self._turn)) as slices:
            async for part in slices:
                if part and not self._write(member, part):
                    break
        return bool(entries)

    def _write(self, member: Member, entries: Sequence[Entry]) -> bool:
        """Write entries, if they are still what a member lacks; return whether they were written."""
        if member.epoch != entries[0].epoch or member.cursor >= entries[0].offset:
            return False
        if not self._needs_history(member):
            return False
        block = _block(member.codec, self._log.room, entries)
        member.outlet.write(block)
        member.cursor = entries[-1].offset
        self._metrics.bytes_out += len(block)
        self._metrics.deliveries += len(entries)
        return True

    def _reset(self, member: Member, page: Page) -> None:
        """Move a member past a gap that can't be repaired, and send it a reset (RM6)."""
        start = page.entries[0].prev if page.entries else page.head.offset
        member.epoch, member.cursor = page.head.epoch, start
        self._metrics.gaps_unrepaired += 1
        send_reset(member, self._name, Position(member.epoch, start))


def send_reset(member: Member, room: str, position: Position) -> None:
    """Send a member a reset (RM6). A plain member is closed instead, because its codec has no reset."""
    if member.codec.supports_events:
        event = events.Reset(room=room, epoch=position.epoch, offset=position.offset)
        member.outlet.write(text_frame(encode(event)))
    else:
        member.outlet.close(Close.LAGGING, "messages were lost: reconnect")


def _position_unknown(page: Page, member: Member) -> bool:
    """Return whether the room doesn't have a member's position."""
    return page.head.epoch != member.epoch or page.head.offset < member.cursor


def _block(codec: Codec, room: bytes, entries: Sequence[Entry]) -> bytes:
    return b"".join(codec.frame(room, entry) for entry in entries)
