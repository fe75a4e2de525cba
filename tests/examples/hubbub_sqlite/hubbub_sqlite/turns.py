"""A thread that does one thing after another, so that the loop never waits for a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from brokers.errors import BrokerClosed, Unavailable

T = TypeVar("T")


class Turns:
    """Work in the order in which it was handed in, each with a time limit in seconds."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._thread = ThreadPoolExecutor(1, "sqlite")
        self._answers: set[asyncio.Future[Any]] = set()

    def __len__(self) -> int:
        return len(self._answers)

    def take(self, work: Callable[[], T], note: Callable[[T], None] = lambda _: None) -> asyncio.Future[T]:
        """Do `work` in the thread and `note` its result on the loop, both in the order of the calls (P4).

        The future fails with `Unavailable` when the limit is over, whatever the thread waits for (P15).
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def do() -> T:
            if answer.done():
                raise BrokerClosed("nobody waits for it any more")
            return work()

        def settle(done: asyncio.Future[T]) -> None:
            if error := done.exception():
                _fail(answer, error)
            elif not answer.done():
                note(done.result())
                answer.set_result(done.result())

        timer = loop.call_later(self._limit, _fail, answer, Unavailable(f"no answer in {self._limit} s"))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)
        answer.add_done_callback(lambda _: timer.cancel())
        loop.run_in_executor(self._thread, do).add_done_callback(settle)
        return answer

    def close(self, last: Callable[[], None]) -> None:
        """Fail what waits, and do one last thing."""
        for answer in list(self._answers):
            _fail(answer, BrokerClosed("the broker was closed"))
        self._thread.submit(last)
        self._thread.shutdown(wait=False)


def _fail(answer: asyncio.Future[T], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
