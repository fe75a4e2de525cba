"""The owner of a node's tasks: it starts all of them, and notices the end of each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Tasks:
    """The tasks of one node.

    A task that fails is logged with its name, and `failed` is called with the name; awaiting it is optional.
    """

    __slots__ = ("_closed", "_failed", "_tasks")

    def __init__(self, failed: Callable[[str], None] = lambda _: None) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[object]] = set()
        self._closed = False

    @property
    def running(self) -> int:
        """The number of running tasks."""
        return len(self._tasks)

    def start(self, coro: Coroutine[object, object, T], *, name: str) -> asyncio.Task[T]:
        """Start a task. After `close` that is a programming error, because the task would never be ended.

        Raises:
                RuntimeError: `close` was called.
        """
        if self._closed:
            coro.close()
            raise RuntimeError(f"task {name!r} was started after the node was closed")
        task = asyncio.get_running_loop().create_task(coro, name=name)
        # The loop holds only weak references: without this set a waiting task could be garbage-collected.
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self, limit: float = 5.0) -> None:
        """Cancel all tasks and wait for their end, at most `limit` seconds. Idempotent.

        The calling task is not cancelled, because it would wait for itself.
        """
        self._closed = True
        others = self._tasks - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if not others:
            return
        _, stuck = await asyncio.wait(others, timeout=limit)
        for task in stuck:
            _log.error("task_stuck", extra={"task": task.get_name(), "seconds": limit})

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            _log.error("task_failed", exc_info=error, extra={"task": task.get_name()})
            self._failed(task.get_name())
