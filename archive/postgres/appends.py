"""Appends in the order of the calls: one task writes them, one after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from archive.base import ArchivedEntry
from archive.errors import ArchiveError, ArchiveUnavailable


class Appends:
    """A queue of batches. The caller bounds it; the task lives while there is something to write."""

    def __init__(self, write: Callable[[Sequence[ArchivedEntry]], Awaitable[None]]) -> None:
        self._write = write
        self._queue: deque[tuple[Sequence[ArchivedEntry], asyncio.Future[None]]] = deque()
        self._task: asyncio.Task[None] | None = None

    def add(self, batch: Sequence[ArchivedEntry], answer: asyncio.Future[None]) -> None:
        """Write a batch after the earlier ones, and answer with the outcome."""
        self._queue.append((batch, answer))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="archive: append")

    async def finish(self) -> None:
        """Wait until all batches are written, or have failed."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._queue:
                batch, answer = self._queue.popleft()
                error = await self._outcome(batch)
                if answer.done():
                    continue
                if error is None:
                    answer.set_result(None)
                else:
                    answer.set_exception(error)
        finally:
            self._task = None

    async def _outcome(self, batch: Sequence[ArchivedEntry]) -> ArchiveError | None:
        try:
            await self._write(batch)
        except ArchiveError as error:
            return error
        except Exception as error:  # noqa: BLE001  the caller receives it, whatever it is
            unexpected = ArchiveUnavailable(f"An append failed: {type(error).__name__}: {error}")
            unexpected.__cause__ = error
            return unexpected
        return None
