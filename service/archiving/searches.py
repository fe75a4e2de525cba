"""Searches of a node: a few at a time, so that they leave the archive to the history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Final

from archive.base import Archive
from archive.errors import ArchiveError, ArchiveOverloaded
from archive.search import FoundPage, SearchQuery
from service.archiving.labels import label_of
from service.runtime.metrics import Metrics
from service.runtime.paced_queue import PacedQueue

AT_ONCE: Final = 2
WAITING: Final = 32
# Of one user, or of the guests of an address: one runs, and the others wait.
OF_ONE_USER: Final = 8
# After a search, the next one of the same user waits so many times as long as the search took, up to a limit
# (seconds): so the searches of one user take a quarter of the time.
PAUSE: Final = 3.0
LONGEST_PAUSE: Final = 1.0


class Searches:
    """Runs searches in one archive.

    Attributes:
        metrics: where searches are counted.
    """

    def __init__(self, archive: Archive, *, waiting: int = WAITING) -> None:
        """Search in `archive`; beyond the ones that run, so many searches may wait."""
        self._archive = archive
        self._waiting = waiting
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._count = 0
        self._users = PacedQueue(PAUSE, LONGEST_PAUSE)
        self.metrics = Metrics()

    @asynccontextmanager
    async def turn(self, user: str) -> AsyncIterator[None]:
        """Wait for the earlier searches of a user, and pause after them: others have their turn.

        Raises:
            ArchiveOverloaded: too many of them wait.
        """
        if self._users.callers(user) >= OF_ONE_USER:
            self.metrics.archive_searches_refused.add("overloaded")
            raise ArchiveOverloaded(f"{OF_ONE_USER} of your searches wait already; try again later.")
        async with self._users.turn(user):
            yield

    async def search(self, query: SearchQuery, *, before: str | None, limit: int) -> FoundPage:
        """Read a page of hits.

        Raises:
            ArchiveError: the archive can't be searched now, or not within its time limit.
            ValueError: `before` is no place that a search returned.
        """
        if self._count >= AT_ONCE + self._waiting:
            self.metrics.archive_searches_refused.add("overloaded")
            raise ArchiveOverloaded(f"{self._waiting} searches wait already; try again later.")
        self._count += 1
        started = perf_counter()
        try:
            async with self._turns:
                page = await self._archive.search(query, before=before, limit=limit)
        except ArchiveError as error:
            self.metrics.archive_searches_refused.add(label_of(error))
            raise
        finally:
            self._count -= 1
        self.metrics.archive_search_seconds.observe(perf_counter() - started)
        return page
