"""Callers that wait for one answer, each no longer than it wants to."""

import asyncio
from typing import Generic, TypeVar

from hubbub_client.errors import HubbubError, TimedOut

T = TypeVar("T")


class Waiters(Generic[T]):
    """All who wait for the same thing; one answer serves them all."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[T]] = set()

    def enter(self) -> asyncio.Future[T]:
        """Wait from now on, so that an answer that comes at once is not missed."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future

    def succeed(self, answer: T) -> None:
        for future in list(self._waiting):
            if not future.done():
                future.set_result(answer)

    def fail(self, error: HubbubError) -> None:
        for future in list(self._waiting):
            if not future.done():
                future.set_exception(error)


async def wait_at_most(seconds: float, future: asyncio.Future[T], what: str) -> T:
    """Await an answer.

    Raises:
        TimedOut: it didn't come in time.
    """
    try:
        async with asyncio.timeout(seconds):
            return await future
    except TimeoutError:
        raise TimedOut(f"{what} took over {seconds:g} s") from None
