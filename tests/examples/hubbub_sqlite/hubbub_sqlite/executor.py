"""Run calls in a thread one after another, so that the event loop never waits for a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from brokers.errors import BrokerClosed, Unavailable

T = TypeVar("T")


class SerialExecutor:
    """Runs calls in order, each with a time limit in seconds."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._thread = ThreadPoolExecutor(1, "sqlite")
        self._answers: set[asyncio.Future[Any]] = set()

    def __len__(self) -> int:
        return len(self._answers)

    def submit(self, work: Callable[[], T], then: Callable[[T], None] = lambda _: None) -> asyncio.Future[T]:
        """Run `work` in the thread, then `then` with its result on the loop, both in the order of calls (P4).

        The future fails with `Unavailable` after the time limit, whatever the thread is waiting for (P15).
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def do() -> T:
            if answer.done():
                raise BrokerClosed("the caller is gone")
            return work()

        def settle(done: asyncio.Future[T]) -> None:
            if error := done.exception():
                _fail(answer, error)
            elif not answer.done():
                then(done.result())
                answer.set_result(done.result())

        timer = loop.call_later(self._limit, _fail, answer, Unavailable(f"no result within {self._limit} s"))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)
        answer.add_done_callback(lambda _: timer.cancel())
        loop.run_in_executor(self._thread, do).add_done_callback(settle)
        return answer

    def close(self, last: Callable[[], None]) -> None:
        """Fail all pending calls, and run a last one."""
        for answer in list(self._answers):
            _fail(answer, BrokerClosed("the broker was closed"))
        self._thread.submit(last)
        self._thread.shutdown(wait=False)


def _fail(answer: asyncio.Future[T], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
