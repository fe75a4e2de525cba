"""The parent of the workers: starts them, restarts them after a failure, and ends with them.

It serves no clients itself, so it has little that can fail. A worker that had served for a while is restarted
at once, others with exponential back-off. A worker that fails too often in a row ends the parent: an operator
has to look.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec

from service.runtime.backoff import Backoff
from service.runtime.process import FAILED, STOPPED, USAGE
from service.runtime.tasks import Tasks
from service.workers.control_channel import ChannelClosed, ControlChannel, RequestFailed
from service.workers.reports import HEARTBEAT, SERVING, STARTED, Reports, encode

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorTimeouts:
    """The supervisor's time limits, in seconds, and its limit of failures.

    Attributes:
        first_wait, longest_wait: back-off between two starts of a worker.
        max_failures: failures in a row before the supervisor stops.
        stable_after: a worker that served this long did not fail at its start.
        start_timeout: how long a worker may take to serve.
        heartbeat_interval: time between two heartbeat requests to a worker.
        heartbeat_timeout: how long a worker with earlier answers may take to answer, before it is killed.
        request_timeout: how long a worker may take to answer another worker's request.
        stop_timeout: how long all workers may take to end after a signal.
    """

    first_wait: float = 0.5
    longest_wait: float = 30.0
    max_failures: int = 8
    stable_after: float = 10.0
    start_timeout: float = 60.0
    heartbeat_interval: float = 5.0
    heartbeat_timeout: float = 30.0
    request_timeout: float = 6.0
    stop_timeout: float = 30.0


class WorkerProcess:
    """One worker process, as its parent sees it."""

    def __init__(self, number: int, process: asyncio.subprocess.Process) -> None:
        self.number = number
        self.process = process
        self.serving_since: float | None = None
        self.channel: ControlChannel

    def signal(self, number: int) -> None:
        # Not by `send_signal`: it takes the exit code of a process that has just ended away from asyncio.
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)


class Supervisor:
    """Runs `count` workers. `command` returns the command line of a worker by its number, from 1."""

    def __init__(
        self,
        command: Callable[[int], Sequence[str]],
        count: int,
        *,
        timeouts: SupervisorTimeouts,
        on_all_started: Callable[[], None] = lambda: None,
    ) -> None:
        self._command = command
        self._count = count
        self._timeouts = timeouts
        self._on_all_started = on_all_started
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks()
        self._workers: dict[int, WorkerProcess] = {}
        self._restarts = dict.fromkeys(range(1, count + 1), 0)
        self._ever_started: set[int] = set()
        self._first_started = asyncio.Event()
        self._stopping = asyncio.Event()
        self._stop_signal = int(signal.SIGTERM)
        self._exit_code = STOPPED
        self.failure: str | None = None

    async def run(self) -> int:
        """Run the workers until `stop`, or until one fails too often; return the exit code.

        The first worker is started alone, so that an error that affects all of them is printed once. The
        others follow when its broker is started.
        """
        try:
            async with asyncio.TaskGroup() as runners:
                runners.create_task(self._keep_running(1))
                await self._first_started.wait()
                for number in range(2, self._count + 1):
                    runners.create_task(self._keep_running(number))
        finally:
            self.kill()
            await self._tasks.close()
        return self._exit_code

    def stop(self, number: int) -> None:
        """Send a signal to all workers, and wait for their end."""
        self._stop_signal = number
        self._stopping.set()
        self._first_started.set()
        for worker in self._workers.values():
            worker.signal(number)
        self._loop.call_later(self._timeouts.stop_timeout, self._kill_remaining)

    def kill(self) -> None:
        """Kill all workers."""
        for worker in self._workers.values():
            worker.signal(signal.SIGKILL)

    # The life of one worker --------------------------------------------------------------------------

    async def _keep_running(self, number: int) -> None:
        timeouts = self._timeouts
        failures, backoff = 0, Backoff(timeouts.first_wait, timeouts.longest_wait)
        while not self._stopping.is_set():
            code, was_stable = await self._run_worker(number)
            if self._stopping.is_set():
                # A signal before the worker handles it kills the process, which is a normal end.
                self._exit_code = self._exit_code or (FAILED if code > 0 else STOPPED)
                return
            if was_stable:
                failures, backoff = 0, Backoff(timeouts.first_wait, timeouts.longest_wait)
            else:
                failures += 1
            _log.error("worker_died", extra={"worker": number, "code": code, "failures": failures})
            if not self._ever_started or code == USAGE or failures >= timeouts.max_failures:
                self._give_up(number, code, failures)
                return
            self._restarts[number] += 1
            if failures:
                with suppress(TimeoutError):
                    async with asyncio.timeout(backoff.next()):
                        await self._stopping.wait()

    async def _run_worker(self, number: int) -> tuple[int, bool]:
        """Start a worker and wait for its end; return its exit code, and whether it was stable."""
        try:
            worker = await self._start(number)
        except OSError as error:
            # The system lacks a resource; the serving workers must not end for that.
            _log.error("worker_start_failed", extra={"worker": number, "reason": str(error)})
            return FAILED, False
        return await self._until_ended(worker), self._was_stable(worker)

    async def _start(self, number: int) -> WorkerProcess:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                # In a session of its own, so that Ctrl+C in a terminal reaches the parent alone.
                process = await asyncio.create_subprocess_exec(
                    *self._command(number), stdin=theirs.fileno(), start_new_session=True
                )
            except BaseException:
                ours.close()
                raise
        worker = self._workers[number] = WorkerProcess(number, process)
        worker.channel = ControlChannel(ours, self._tasks, lambda what: self._handle(worker, what))
        await worker.channel.open()
        _log.info("worker_started", extra={"worker": number, "pid": process.pid})
        if self._stopping.is_set():
            worker.signal(self._stop_signal)
        return worker

    async def _until_ended(self, worker: WorkerProcess) -> int:
        async with asyncio.TaskGroup() as watch:
            watching = [
                watch.create_task(worker.channel.run()),
                watch.create_task(self._check_heartbeats(worker)),
            ]
            code = await worker.process.wait()
            del self._workers[worker.number]
            for task in watching:
                task.cancel()
        return code

    async def _check_heartbeats(self, worker: WorkerProcess) -> None:
        """Kill a worker whose loop is blocked, or that doesn't serve in time: nothing else would notice."""
        timeouts, started = self._timeouts, self._loop.time()
        limit = timeouts.start_timeout  # a starting process has no loop yet
        while True:
            try:
                await worker.channel.request(HEARTBEAT, limit)
                limit = timeouts.heartbeat_timeout
            except ChannelClosed:
                # It is about to end, which may take a while in a graceful shutdown.
                await asyncio.sleep(timeouts.stop_timeout)
                break
            except RequestFailed:
                break
            if worker.serving_since is None and self._loop.time() - started > timeouts.start_timeout:
                break
            await asyncio.sleep(timeouts.heartbeat_interval)
        _log.error("worker_hung", extra={"worker": worker.number})
        worker.signal(signal.SIGKILL)

    def _was_stable(self, worker: WorkerProcess) -> bool:
        since = worker.serving_since
        return since is not None and self._loop.time() - since >= self._timeouts.stable_after

    def _give_up(self, number: int, code: int, failures: int) -> None:
        self._exit_code = code if code in {FAILED, USAGE} else FAILED
        if self._ever_started or code not in {FAILED, USAGE}:
            times = "once" if failures == 1 else f"{failures} times in a row"
            self.failure = f"worker {number} failed {times}, with exit code {code}; all workers end"
        self.stop(signal.SIGTERM)

    def _kill_remaining(self) -> None:
        if self._workers:
            _log.error("workers_killed", extra={"workers": sorted(self._workers)})
            self._exit_code = FAILED
            self.kill()

    # Requests of workers -----------------------------------------------------------------------------

    async def _handle(self, worker: WorkerProcess, what: str) -> bytes:
        if what == SERVING:
            worker.serving_since = self._loop.time()
        elif what == STARTED:
            self._note_started(worker.number)
        else:
            return await self._gather(what)
        return b"null"

    def _note_started(self, number: int) -> None:
        """Note that a worker's broker is started. Until then it serves, but is not ready."""
        self._first_started.set()
        if number not in self._ever_started:
            self._ever_started.add(number)
            if len(self._ever_started) == self._count:
                self._on_all_started()

    async def _gather(self, what: str) -> bytes:
        """Send a request to all serving workers; those without an answer in time are reported as such."""
        serving = [worker for worker in self._workers.values() if worker.serving_since is not None]
        answers = await asyncio.gather(*(self._request(worker, what) for worker in serving))
        asked = {worker.number: answer for worker, answer in zip(serving, answers, strict=True)}
        answered = {number: answer for number, answer in asked.items() if answer is not None}
        unanswered = sorted(asked.keys() - answered.keys())
        return encode(Reports(responses=answered, unanswered=unanswered, restarts=self._restarts))

    async def _request(self, worker: WorkerProcess, what: str) -> msgspec.Raw | None:
        try:
            return msgspec.Raw(await worker.channel.request(what, self._timeouts.request_timeout))
        except RequestFailed as error:
            _log.warning("worker_not_responding", extra={"worker": worker.number, "reason": str(error)})
            return None
