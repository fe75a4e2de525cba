"""The thread that owns the database: it takes calls from the event loop, one at a time, writes first."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

from archive.errors import ArchiveClosed, ArchiveOverloaded

T = TypeVar("T")

_STOP: Final = False
_WORK: Final = True


@dataclass(slots=True, eq=False)
class _Job(Generic[T]):
    """What is to be done, and the future that waits for it."""

    work: Callable[[], T]
    answer: asyncio.Future[T]


class Worker:
    """A thread with two bounded queues: writes are taken before reads.

    A write never waits behind a storm of reads; reads are not starved, since the hub has one write under way
    at a time.

    Attributes:
        refused: calls that were refused since too many waited.
    """

    def __init__(self, name: str, pending: int, closed: Callable[[], ArchiveClosed]) -> None:
        self._pending = pending
        self._closed = closed
        self._loop = asyncio.get_running_loop()
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._writes: deque[_Job[Any]] = deque()
        self._reads: deque[_Job[Any]] = deque()
        self._stopped: asyncio.Future[None] | None = None
        self._waiting = 0
        self.refused = 0
        # A daemon: a process that ends without `stop` must not wait for it. SQLite survives that.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Calls that were not answered yet."""
        return self._waiting

    def write(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Do this before all reads, and after the earlier writes."""
        return self._submit(self._writes, work)

    def read(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Do this after all earlier calls, and after all writes."""
        return self._submit(self._reads, work)

    async def stop(self, last: Callable[[], None]) -> None:
        """Finish all calls, then do `last`, and end the thread. Idempotent."""
        if self._stopped is None:
            self._stopped = self._loop.create_future()
            self._reads.append(_Job(last, self._stopped))
            self._wake.put(_WORK)
            self._wake.put(_STOP)
        await asyncio.shield(self._stopped)
        self._thread.join()

    def _submit(self, calls: deque[_Job[Any]], work: Callable[[], T]) -> asyncio.Future[T]:
        answer: asyncio.Future[T] = self._loop.create_future()
        if self._stopped is not None:
            answer.set_exception(self._closed())
        elif self._waiting >= self._pending:
            self.refused += 1
            answer.set_exception(
                ArchiveOverloaded(f"{self._waiting} calls wait for the archive already; try again later.")
            )
        else:
            self._waiting += 1
            calls.append(_Job(work, answer))
            self._wake.put(_WORK)
        return answer

    def _run(self) -> None:
        while self._wake.get() is _WORK:
            is_write = bool(self._writes)
            call = self._writes.popleft() if is_write else self._reads.popleft()
            try:
                # A read whose caller waits no more, as a client that is gone, is not done.
                result = call.work() if is_write or not call.answer.cancelled() else None
            except BaseException as error:  # noqa: BLE001  the caller receives it, whatever it is
                self._answer(partial(_refuse, call.answer, error))
            else:
                self._answer(partial(_settle, call.answer, result))

    def _answer(self, settle: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._settled, settle)
        except RuntimeError:
            # The loop is closed: no caller waits any more, and the thread still has to end.
            return

    def _settled(self, settle: Callable[[], None]) -> None:
        self._waiting -= 1
        settle()


def _settle(answer: asyncio.Future[T], result: T) -> None:
    if not answer.done():
        answer.set_result(result)


def _refuse(answer: asyncio.Future[T], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
