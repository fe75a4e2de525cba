"""Reading one room's history for all who wait for it: how much is read follows from the room, not from them.

After a node died, everybody who was on it comes back at once, each with another position. What they lack is
read back into the room's log, once, and given to all of them from there. Where the log can't hold so much,
pages are read one after the other, upwards, and each is handed to everybody whose place is in it.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from operator import attrgetter
from typing import Final, NamedTuple

from brokers.base import Broker, Entry, Page, Position
from brokers.errors import BrokerError
from service.rooms.log import RoomLog
from service.runtime.single_flight import SingleFlight
from service.runtime.tasks import Tasks

PAGE: Final = 200
# Turns of the loop for which a read waits for others who want it too.
_MOST_TURNS: Final = 1000

_offset: Final[Callable[[Entry], int]] = attrgetter("offset")


class _Wait(NamedTuple):
    """Somebody who waits for up to `limit` entries behind `after`."""

    after: int
    limit: int
    page: asyncio.Future[Page]


class HistoryReader:
    """Reads the history of one room."""

    __slots__ = (
        "_bottom", "_broker", "_head", "_last", "_log", "_name", "_reading", "_steps", "_tasks", "_top",
        "_waiting",
    )  # fmt: skip

    def __init__(self, name: str, log: RoomLog, broker: Broker, tasks: Tasks) -> None:
        self._name = name
        self._log = log
        self._broker = broker
        self._tasks = tasks
        self._last: SingleFlight[tuple[int, int], Page] = SingleFlight(tasks, f"history of {name!r}")
        self._steps: SingleFlight[tuple[str, int], None] = SingleFlight(tasks, f"history of {name!r}")
        self._head: SingleFlight[None, Position] = SingleFlight(tasks, f"head of {name!r}")
        self._waiting: list[_Wait] = []
        self._reading: asyncio.Task[None] | None = None
        # Where nothing older was kept. What is kept only gets less, so that stays true.
        self._bottom: Position | None = None
        # Where the log could hold no more.
        self._top: Position | None = None

    @property
    def at_bottom(self) -> bool:
        """Tell whether the log begins where the history does, as far as it was read."""
        return self._bottom == (self._log.epoch, self._log.base)

    async def reach(self, position: Position) -> None:
        """Read older entries into the log until it reaches a position; in vain if it can't hold so much.

        Raises:
            BrokerError: the history can't be read now.
        """
        await self._read_back(lambda: self._log.reaches(*position))

    async def fill(self, count: int) -> None:
        """Read older entries into the log until it holds so many, as far as it can. Raises as `reach`."""
        await self._read_back(lambda: len(self._log) >= count)

    async def _read_back(self, is_enough: Callable[[], bool]) -> None:
        log, epoch = self._log, self._log.epoch
        while log.epoch == epoch and log.base and log.has_room and not (is_enough() or self.at_bottom):
            base = log.base
            if self._top == (epoch, base):
                return
            await self._steps.get((epoch, base), self._step_back)
            if log.base >= base:
                return

    async def _step_back(self) -> None:
        """Read one page into the log, ahead of what it holds."""
        log, epoch, base = self._log, self._log.epoch, self._log.base
        page = await self._broker.history(self._name, before=base + 1, limit=PAGE)
        if log.epoch != epoch or page.head.epoch != epoch:
            return
        log.prepend(page.entries)
        first = page.entries[0].prev if page.entries else base
        if first < log.base:
            self._top = Position(epoch, log.base)
        elif not page.more:
            self._bottom = Position(epoch, first)

    async def behind(self, offset: int, limit: int = PAGE) -> Page:
        """Read up to `limit` entries behind an offset; a page serves all whose places are in it.

        Raises:
            BrokerError: the history can't be read now.
        """
        page: asyncio.Future[Page] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Wait(offset, limit, page))
        if self._reading is None:
            self._reading = self._tasks.start(self._read_up(), name=f"history of {self._name!r}")
        return await page

    async def last(self, before: int, limit: int) -> Page:
        """Read the last entries ahead of an offset, once for all who ask the same now. Raises as `behind`."""
        return await self._last.get(
            (before, limit), lambda: self._broker.history(self._name, before=before, limit=limit)
        )

    async def head(self) -> Position:
        """Ask for the room's last position, once for all who ask now. Raises as `behind`."""
        return await self._head.get(None, self._ask_head)

    async def _ask_head(self) -> Position:
        return (await self._broker.heads([self._name]))[self._name]

    async def _read_up(self) -> None:
        """Serve those who wait, from the lowest place upwards, then again from the bottom."""
        place = 0
        try:
            while self._waiting:
                await self._gather()
                places = sorted(wait.after for wait in self._waiting)
                place = next((each for each in places if each >= place), places[0])
                try:
                    page = await self._broker.history(self._name, after=place, limit=PAGE)
                except BrokerError as error:
                    # Nobody else would fare better now.
                    self._refuse(error)
                else:
                    self._hand_out(place, page)
        finally:
            self._reading = None
            for wait in self._waiting:
                wait.page.cancel()

    async def _gather(self) -> None:
        """Let those who come in the same moment come first, while there are any."""
        for _ in range(_MOST_TURNS):
            count = len(self._waiting)
            await asyncio.sleep(0)
            if len(self._waiting) == count:
                return

    def _refuse(self, error: BrokerError) -> None:
        waiting, self._waiting = self._waiting, []
        for wait in waiting:
            if not wait.page.done():
                wait.page.set_exception(error)

    def _hand_out(self, place: int, page: Page) -> None:
        waiting, self._waiting = self._waiting, []
        for wait in waiting:
            if wait.page.done():
                # Whoever waited is gone.
                continue
            if wait.after == place or _holds(page, place, wait.after):
                wait.page.set_result(_cut(page, wait.after, wait.limit))
            else:
                self._waiting.append(wait)


def _holds(page: Page, place: int, offset: int) -> bool:
    """Tell whether a page behind `place` holds what comes behind an offset."""
    return bool(page.entries) and place <= offset < page.entries[-1].offset


def _cut(page: Page, after: int, limit: int) -> Page:
    """Take the part of a page that lies behind an offset."""
    start = bisect_right(page.entries, after, key=_offset)
    entries = page.entries[start : start + limit]
    # What was trimmed lies ahead of the page: whoever stands within it lacks nothing.
    trimmed = page.trimmed and (not page.entries or after < page.entries[0].prev)
    more = page.more or start + limit < len(page.entries)
    return Page(entries, page.head, trimmed, more)
