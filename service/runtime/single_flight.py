"""One call of the broker for all who want its answer at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

from brokers.errors import BrokerError
from service.runtime.tasks import Tasks

K = TypeVar("K")
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """Calls under way, by what they ask for. `name` is what their tasks are called."""

    __slots__ = ("_calls", "_name", "_tasks")

    def __init__(self, tasks: Tasks, name: str) -> None:
        self._tasks = tasks
        self._name = name
        self._calls: dict[K, asyncio.Task[T | BrokerError]] = {}

    async def get(self, key: K, call: Callable[[], Coroutine[object, object, T]]) -> T:
        """Give the answer to the call for `key` that is under way, or begin it.

        Raises:
            BrokerError: the call failed.
        """
        task = self._calls.get(key)
        if task is None:
            task = self._calls[key] = self._tasks.start(self._run(key, call), name=self._name)
        # Shielded: one who goes away must not end the call of the others.
        answer = await asyncio.shield(task)
        if isinstance(answer, BrokerError):
            raise answer
        return answer

    async def _run(self, key: K, call: Callable[[], Coroutine[object, object, T]]) -> T | BrokerError:
        try:
            return await call()
        except BrokerError as error:
            # Expected of a broker: it's theirs to handle who asked, and no fault of this task.
            return error
        finally:
            del self._calls[key]
