"""Calls that wait for one result, each with its own timeout."""

import asyncio
from typing import Generic, TypeVar

from hubbub_client.errors import HubbubError, TimedOut

T = TypeVar("T")


class Waiters(Generic[T]):
    """All calls that wait for the same result."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[T]] = set()

    def enter(self) -> asyncio.Future[T]:
        """Register a call before the request, so that an immediate result is not missed."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future

    def succeed(self, result: T) -> None:
        for future in list(self._waiting):
            if not future.done():
                future.set_result(result)

    def fail(self, error: HubbubError) -> None:
        for future in list(self._waiting):
            if not future.done():
                future.set_exception(error)


async def wait_at_most(seconds: float, future: asyncio.Future[T], what: str) -> T:
    """Await a result.

    Raises:
        TimedOut: it did not arrive in time.
    """
    try:
        async with asyncio.timeout(seconds):
            return await future
    except TimeoutError:
        raise TimedOut(f"{what} took longer than {seconds:g} s") from None
