"""One broker call for all callers that need its answer at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

from brokers.errors import BrokerError
from service.runtime.tasks import Tasks

K = TypeVar("K")
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """The calls under way, by key. `name` is the name of their tasks."""

    __slots__ = ("_calls", "_name", "_tasks")

    def __init__(self, tasks: Tasks, name: str) -> None:
        self._tasks = tasks
        self._name = name
        self._calls: dict[K, asyncio.Task[T | BrokerError]] = {}

    async def get(self, key: K, call: Callable[[], Coroutine[object, object, T]]) -> T:
        """Return the answer to the call for `key` that is under way, or start the call.

        Raises:
            BrokerError: the call failed.
        """
        task = self._calls.get(key)
        if task is None:
            task = self._calls[key] = self._tasks.start(self._run(key, call), name=self._name)
        # Shielded: a caller that is cancelled must not end the call of the others.
        answer = await asyncio.shield(task)
        if isinstance(answer, BrokerError):
            raise answer
        return answer

    async def _run(self, key: K, call: Callable[[], Coroutine[object, object, T]]) -> T | BrokerError:
        try:
            return await call()
        except BrokerError as error:
            # An expected error: the callers handle it, and the task has not failed.
            return error
        finally:
            del self._calls[key]
