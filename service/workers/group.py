"""A worker's access to all workers, through their parent."""

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
from service.runtime import logs
from service.runtime.process import FAILED
from service.runtime.tasks import Tasks
from service.workers.control_channel import ControlChannel, RequestFailed
from service.workers.reports import (
    METRICS,
    READINESS,
    SERVING,
    STARTED,
    Reports,
    join_metrics,
    read_reports,
    read_text,
)

NO_ANSWER: Final = "no answer"

_log: Final = logging.getLogger(__name__)


class WorkerGroup:
    """All workers, as one of them reaches them.

    Attributes:
        handlers: this worker's handlers for requests of the parent, by name.
    """

    def __init__(self, end: socket.socket, tasks: Tasks, limit: float) -> None:
        """Use the socket `end`; a request to all workers takes at most `limit` seconds."""
        self._end = end
        self._tasks = tasks
        self._limit = limit
        self._channel = ControlChannel(end, tasks, self._handle)
        self._requests: dict[str, asyncio.Task[Reports]] = {}
        self.handlers: dict[str, Callable[[], Awaitable[bytes]]] = {}

    @property
    def orphaned(self) -> bool:
        """Whether the parent has exited, also if the loop has not noticed it yet."""
        # The channel closes the socket at its end.
        return self._end.fileno() < 0 or bool(_hangup(self._end).poll(0))

    async def open(self) -> None:
        """Open the channel for requests; answers arrive while `run` runs."""
        await self._channel.open()

    async def run(self, on_orphaned: Callable[[], None]) -> None:
        """Serve the channel; `on_orphaned` is called when the parent has exited."""
        await self._channel.run()
        on_orphaned()

    async def report_serving(self) -> None:
        """Report to the parent that this worker serves. Raises `RequestFailed` as `request`."""
        await self._channel.request(SERVING, self._limit)

    async def report_started(self) -> None:
        """Report to the parent that this worker's broker is started. Raises `RequestFailed` as `request`."""
        await self._channel.request(STARTED, self._limit)

    async def readiness(self) -> dict[int, str]:
        """Return the readiness of each worker by its number.

        Raises:
                WorkersUnavailable: the parent did not answer in time.
        """
        reports = await self._report(READINESS)
        found = dict.fromkeys(reports.unanswered, NO_ANSWER)
        return found | {number: read_text(word) for number, word in sorted(reports.responses.items())}

    async def exposition(self) -> bytes:
        """Return the metrics of all workers. Raises as `readiness`."""
        return join_metrics(await self._report(METRICS))

    async def _report(self, what: str) -> Reports:
        try:
            return await self.request(what)
        except RequestFailed as error:
            raise WorkersUnavailable(str(error)) from error

    async def request(self, what: str) -> Reports:
        """Send a request to all workers, including this one; single-flight.

        Raises:
            RequestFailed: the parent did not answer in time.
        """
        task = self._requests.get(what)
        if task is None:
            task = self._requests[what] = self._tasks.start(
                self._request(what), name=f"request {what} of all"
            )
        return await asyncio.shield(task)

    async def _request(self, what: str) -> Reports:
        try:
            return read_reports(await self._channel.request(what, self._limit))
        finally:
            del self._requests[what]

    async def _handle(self, what: str) -> bytes:
        return await self.handlers[what]()


def die_with_parent(end: socket.socket, grace: float) -> None:
    """End this process `grace` seconds after the parent, even if its loop is blocked."""

    def watch() -> None:
        _hangup(end).poll()
        time.sleep(grace)
        logs.flush()
        os._exit(FAILED)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def _hangup(end: socket.socket) -> select.poll:
    hangup = select.poll()
    # No events are requested: a hang-up is always reported.
    hangup.register(end, 0)
    return hangup
