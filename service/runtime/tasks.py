"""The owner of a node's tasks: the only place that starts any, and it notices the end of each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Tasks:
    """The tasks of one node.

    A task that fails is logged with its name, and `failed` is told the name; nobody needs to await it.
    """

    __slots__ = ("_closed", "_failed", "_tasks")

    def __init__(self, failed: Callable[[str], None] = lambda _: None) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[object]] = set()
        self._closed = False

    @property
    def running(self) -> int:
        """How many tasks there are."""
        return len(self._tasks)

    def start(self, coro: Coroutine[object, object, T], *, name: str) -> asyncio.Task[T]:
        """Start a task. Behind `close` that is a fault of the caller, for nobody would end the task.

        Raises:
            RuntimeError: these tasks were closed.
        """
        if self._closed:
            coro.close()
            raise RuntimeError(f"the task {name!r} was started on a node that is closed")
        task = asyncio.get_running_loop().create_task(coro, name=name)
        # The loop itself holds tasks weakly: without this set one could vanish while it waits.
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self, limit: float = 5.0) -> None:
        """Cancel all tasks and wait for their end, but not longer than `limit` seconds. Idempotent.

        The task that calls this is spared, for it would wait for itself.
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
