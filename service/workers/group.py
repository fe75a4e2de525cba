"""A worker's way to the others, by its parent."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Final

from service.http.health import WorkersUnavailable
from service.runtime.process import FAILED
from service.runtime.tasks import Tasks
from service.workers.control_channel import ControlChannel, Unanswered
from service.workers.reports import (
    METRICS,
    READINESS,
    SERVING,
    Reports,
    join_metrics,
    read_reports,
    read_text,
)

NO_ANSWER: Final = "no answer"

_log: Final = logging.getLogger(__name__)


class WorkerGroup:
    """All workers, as one of them can reach them.

    Attributes:
        answers: what this worker answers to the questions of its parent, by their names.
    """

    def __init__(self, end: socket.socket, tasks: Tasks, limit: float) -> None:
        """Speak by `end`; a question to all takes `limit` seconds at most."""
        self._tasks = tasks
        self._limit = limit
        self._line = ControlChannel(end, tasks, self._answer)
        self._asked: dict[str, asyncio.Task[Reports]] = {}
        self.answers: dict[str, Callable[[], Awaitable[bytes]]] = {}

    async def open(self) -> None:
        """Be ready to ask; the answers come while `run` does."""
        await self._line.open()

    async def run(self, orphaned: Callable[[], None]) -> None:
        """Serve the line; `orphaned` is called when the parent is gone."""
        await self._line.run()
        orphaned()

    async def serve(self) -> None:
        """Tell the parent that this worker serves. Raises `Unanswered` as `ask`."""
        await self._line.ask(SERVING, self._limit)

    async def readiness(self) -> dict[int, str]:
        """Return the readiness of each worker by its number.

        Raises:
            WorkersUnavailable: the parent did not answer in time.
        """
        reports = await self._report(READINESS)
        found = dict.fromkeys(reports.silent, NO_ANSWER)
        return found | {number: read_text(word) for number, word in sorted(reports.answers.items())}

    async def exposition(self) -> bytes:
        """Return the metrics of all workers. Raises as `readiness`."""
        return join_metrics(await self._report(METRICS))

    async def _report(self, what: str) -> Reports:
        try:
            return await self.ask(what)
        except Unanswered as error:
            raise WorkersUnavailable(str(error)) from error

    async def ask(self, what: str) -> Reports:
        """Ask all workers, this one included. Callers that ask the same at the same time share the answer.

        Raises:
            Unanswered: the parent did not answer in time.
        """
        task = self._asked.get(what)
        if task is None:
            task = self._asked[what] = self._tasks.start(self._ask(what), name=f"ask all for {what}")
        return await asyncio.shield(task)

    async def _ask(self, what: str) -> Reports:
        try:
            return read_reports(await self._line.ask(what, self._limit))
        finally:
            del self._asked[what]

    async def _answer(self, what: str) -> bytes:
        return await self.answers[what]()


def die_with_parent(end: socket.socket, grace: float) -> None:
    """End this process `grace` seconds after the parent, even if its loop doesn't turn."""

    def watch() -> None:
        hangup = select.poll()
        # Nothing is asked for: only that the other side is gone is told.
        hangup.register(end, 0)
        hangup.poll()
        time.sleep(grace)
        os._exit(FAILED)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
