"""Read one room's history for all members that need it: the cost depends on the room, not on their number.

When a node dies, all its clients reconnect at once, each with another position. What they lack is read back
into the room's log, once, and served from there. If the log can't hold that much, pages are read one after
the other, oldest first, and each page serves every request whose position it contains.

What one read answers has a turn of its own for each caller: a page takes about as long to write as to read.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

from brokers.base import Broker, Entry, Page, Position
from brokers.errors import BrokerError
from service.rooms.log import RoomLog
from service.rooms.slices import Turn, entries_that_fit, first_of, next_turn
from service.runtime.single_flight import SingleFlight
from service.runtime.tasks import Tasks

PAGE: Final = 200
# Turns of the loop for which a read waits for further requests.
_MAX_TURNS: Final = 1000

# Removes the texts of deleted messages from a page (`ChangeReader.redact`).
Redact: TypeAlias = Callable[[Sequence[Entry]], Awaitable[list[Entry]]]

_offset: Final[Callable[[Entry], int]] = attrgetter("offset")


class _PageRequest(NamedTuple):
    """A request for up to `limit` entries after `after`."""

    after: int
    limit: int
    page: asyncio.Future[Page]


class HistoryReader:
    """Reads the history of one room."""

    __slots__ = (
        "_broker", "_full_at", "_head", "_last", "_limit", "_log", "_name", "_older", "_reading", "_redact",
        "_start", "_tasks", "_turn", "_waiting",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        log: RoomLog,
        broker: Broker,
        tasks: Tasks,
        redact: Redact,
        *,
        turn: Turn = next_turn,
    ) -> None:
        self._name = name
        self._log = log
        self._broker = broker
        self._tasks = tasks
        self._redact = redact
        self._turn = turn
        self._last: SingleFlight[tuple[int, int], Page] = SingleFlight(tasks, f"history of {name!r}")
        self._older: SingleFlight[tuple[str, int], None] = SingleFlight(tasks, f"history of {name!r}")
        self._head: SingleFlight[None, Position] = SingleFlight(tasks, f"head of {name!r}")
        self._waiting: list[_PageRequest] = []
        # Entries of the next read: fewer if those of the last one did not fit into a page.
        self._limit = PAGE
        self._reading: asyncio.Task[None] | None = None
        # The position before which nothing was kept. Retention only removes entries, so it stays true.
        self._start: Position | None = None
        # The position at which the log had no capacity left.
        self._full_at: Position | None = None

    @property
    def at_start(self) -> bool:
        """Return whether the log begins where the history begins, as far as it was read."""
        return self._start == (self._log.epoch, self._log.base)

    async def read_back_to(self, position: Position) -> None:
        """Read older entries into the log until it reaches a position, or until its capacity is used up.

        Raises:
            BrokerError: the history can't be read now.
        """
        await self._read_back(lambda: self._log.reaches(*position))

    async def read_back_count(self, count: int) -> None:
        """Read older entries into the log until it holds so many messages, or is full.

        Raises as `read_back_to`.
        """
        await self._read_back(lambda: self._log.messages >= count)

    async def _read_back(self, is_enough: Callable[[], bool]) -> None:
        log, epoch = self._log, self._log.epoch
        while log.epoch == epoch and log.base and log.has_capacity and not (is_enough() or self.at_start):
            base = log.base
            if self._full_at == (epoch, base):
                return
            await self._older.get((epoch, base), self._read_older)
            await self._turn()
            if log.base >= base:
                return

    async def _read_older(self) -> None:
        """Read one page into the log, before its first entry."""
        log, epoch, base = self._log, self._log.epoch, self._log.base
        page = await self._broker.history(self._name, before=base + 1, limit=PAGE)
        if log.epoch != epoch or page.head.epoch != epoch:
            return
        log.prepend(page.entries)
        first = page.entries[0].prev if page.entries else base
        if first < log.base:
            self._full_at = Position(epoch, log.base)
        elif not page.more:
            self._start = Position(epoch, first)

    async def after(self, offset: int, limit: int = PAGE) -> Page:
        """Read up to `limit` entries after an offset, redacted; one page serves all requests that it covers.

        Raises:
            BrokerError: the history can't be read now.
        """
        page: asyncio.Future[Page] = asyncio.get_running_loop().create_future()
        self._waiting.append(_PageRequest(offset, limit, page))
        if self._reading is None:
            self._reading = self._tasks.start(self._serve_waiting(), name=f"history of {self._name!r}")
        found = await page
        await self._turn()
        return found

    async def last(self, before: int, limit: int) -> Page:
        """Read the last entries before an offset, single-flight. Raises as `after`."""
        found = await self._last.get(
            (before, limit), lambda: self._broker.history(self._name, before=before, limit=limit)
        )
        await self._turn()
        return found

    async def head(self) -> Position:
        """Read the room's last position, single-flight. Raises as `after`."""
        return await self._head.get(None, self._ask_head)

    async def _ask_head(self) -> Position:
        return (await self._broker.heads([self._name]))[self._name]

    async def _serve_waiting(self) -> None:
        """Serve the waiting requests, from the lowest position upwards, then again from the lowest."""
        start = 0
        try:
            while self._waiting:
                await self._collect()
                places = sorted(request.after for request in self._waiting)
                start = next((each for each in places if each >= start), places[0])
                try:
                    page = await self._broker.history(self._name, after=start, limit=self._limit)
                    self._limit = entries_that_fit(page.entries, PAGE)
                    page = _bounded(page)
                    page = page._replace(entries=tuple(await self._redact(page.entries)))
                except BrokerError as error:
                    # The other requests would fail in the same way now.
                    self._fail_waiting(error)
                else:
                    self._serve_page(start, page)
        finally:
            self._reading = None
            for request in self._waiting:
                request.page.cancel()

    async def _collect(self) -> None:
        """Wait for requests that arrive at the same time, while there are any."""
        for _ in range(_MAX_TURNS):
            count = len(self._waiting)
            await asyncio.sleep(0)
            if len(self._waiting) == count:
                return

    def _fail_waiting(self, error: BrokerError) -> None:
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            if not request.page.done():
                request.page.set_exception(error)

    def _serve_page(self, start: int, page: Page) -> None:
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            if request.page.done():
                # The requester was cancelled.
                continue
            if request.after == start or _contains(page, start, request.after):
                request.page.set_result(_part_after(page, request.after, request.limit))
            else:
                self._waiting.append(request)


def _bounded(page: Page) -> Page:
    """Return the beginning of a page that was read after an offset, as far as it fits."""
    entries = tuple(first_of(page.entries))
    return page._replace(entries=entries, more=page.more or len(entries) < len(page.entries))


def _contains(page: Page, start: int, offset: int) -> bool:
    """Return whether a page read after `start` contains what follows an offset."""
    return bool(page.entries) and start <= offset < page.entries[-1].offset


def _part_after(page: Page, after: int, limit: int) -> Page:
    """Return the part of a page after an offset."""
    start = bisect_right(page.entries, after, key=_offset)
    entries = page.entries[start : start + limit]
    # What was trimmed lies before the page: a position within it lacks nothing.
    trimmed = page.trimmed and (not page.entries or after < page.entries[0].prev)
    more = page.more or start + limit < len(page.entries)
    return Page(entries, page.head, trimmed, more)
