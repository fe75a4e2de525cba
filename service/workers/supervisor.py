"""The parent of the workers: starts them, starts those again that die, and ends with them.

It serves nobody itself: what it doesn't do can't fail. A worker is started again at once if it had served for
a while, with ever longer waits if not; one that fails too often in a row ends the parent, for somebody has to
look.
"""

from __future__ import annotations

import asyncio
import logging
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
from service.workers.control_channel import ChannelClosed, ControlChannel, Unanswered
from service.workers.reports import PULSE, SERVING, Reports, encode

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The parent's limits, in seconds.

    Attributes:
        first_wait, longest_wait: between the tries to start a worker.
        tries: failures in a row before the parent gives up.
        steady: who served for so long did not fail at its start.
        start: how long a worker may take to serve.
        pulse: between two questions whether a worker lives.
        hung: how long it may take to answer once it has answered, before it is killed.
        answer: how long one may take to answer what another worker asks.
        stop: how long all may take to end when they are told to.
    """

    first_wait: float = 0.5
    longest_wait: float = 30.0
    tries: int = 8
    steady: float = 10.0
    start: float = 60.0
    pulse: float = 5.0
    hung: float = 30.0
    answer: float = 6.0
    stop: float = 30.0


class Worker:
    """One worker process, as its parent knows it."""

    def __init__(self, number: int, process: asyncio.subprocess.Process) -> None:
        self.number = number
        self.process = process
        self.serving_since: float | None = None
        self.line: ControlChannel

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(number)


class Supervisor:
    """Keeps `count` workers. `command` gives the command line of a worker by its number, from 1."""

    def __init__(
        self,
        command: Callable[[int], Sequence[str]],
        count: int,
        *,
        patience: Patience,
        all_serve: Callable[[], None] = lambda: None,
    ) -> None:
        self._command = command
        self._count = count
        self._patience = patience
        self._all_serve = all_serve
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks()
        self._workers: dict[int, Worker] = {}
        self._restarts = dict.fromkeys(range(1, count + 1), 0)
        self._ever_served: set[int] = set()
        self._first = asyncio.Event()
        self._stopping = asyncio.Event()
        self._how = int(signal.SIGTERM)
        self._code = STOPPED
        self.trouble: str | None = None

    async def run(self) -> int:
        """Keep the workers until `stop`, or until they can't be kept; give the exit code.

        The first one comes alone: what would keep all of them from serving is said once.
        """
        try:
            async with asyncio.TaskGroup() as keepers:
                keepers.create_task(self._keep(1))
                await self._first.wait()
                for number in range(2, self._count + 1):
                    keepers.create_task(self._keep(number))
        finally:
            self.kill()
            await self._tasks.close()
        return self._code

    def stop(self, number: int) -> None:
        """Tell all workers to end, by that signal."""
        self._how = number
        self._stopping.set()
        self._first.set()
        for worker in self._workers.values():
            worker.signal(number)
        self._loop.call_later(self._patience.stop, self._lose_patience)

    def kill(self) -> None:
        """End all workers at once."""
        for worker in self._workers.values():
            worker.signal(signal.SIGKILL)

    # One worker after another in one place --------------------------------------------------------

    async def _keep(self, number: int) -> None:
        patience = self._patience
        failures, backoff = 0, Backoff(patience.first_wait, patience.longest_wait)
        while not self._stopping.is_set():
            code, was_steady = await self._live(number)
            if self._stopping.is_set():
                # One that was told before it could listen dies of the signal, and that is all right.
                self._code = self._code or (FAILED if code > 0 else STOPPED)
                return
            if was_steady:
                failures, backoff = 0, Backoff(patience.first_wait, patience.longest_wait)
            else:
                failures += 1
            _log.error("worker_died", extra={"worker": number, "code": code, "failures": failures})
            if not self._ever_served or code == USAGE or failures >= patience.tries:
                self._give_up(number, code, failures)
                return
            self._restarts[number] += 1
            if failures:
                with suppress(TimeoutError):
                    async with asyncio.timeout(backoff.next()):
                        await self._stopping.wait()

    async def _live(self, number: int) -> tuple[int, bool]:
        """Start a worker and wait for its end; give its exit code, and whether it served for a while."""
        try:
            worker = await self._start(number)
        except OSError as error:
            # The system is short of something; those who serve are not to end for that.
            _log.error("worker_not_started", extra={"worker": number, "reason": str(error)})
            return FAILED, False
        return await self._until_ended(worker), self._was_steady(worker)

    async def _start(self, number: int) -> Worker:
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
        worker = self._workers[number] = Worker(number, process)
        worker.line = ControlChannel(ours, self._tasks, lambda what: self._answer(worker, what))
        await worker.line.open()
        _log.info("worker_started", extra={"worker": number, "pid": process.pid})
        if self._stopping.is_set():
            worker.signal(self._how)
        return worker

    async def _until_ended(self, worker: Worker) -> int:
        async with asyncio.TaskGroup() as watch:
            watching = [watch.create_task(worker.line.run()), watch.create_task(self._feel(worker))]
            code = await worker.process.wait()
            del self._workers[worker.number]
            for task in watching:
                task.cancel()
        return code

    async def _feel(self, worker: Worker) -> None:
        """Kill a worker whose loop doesn't turn, or that never comes to serve: nobody else would notice."""
        patience, started = self._patience, self._loop.time()
        limit = patience.start  # a process that starts has no loop yet
        while True:
            try:
                await worker.line.ask(PULSE, limit)
                limit = patience.hung
            except ChannelClosed:
                # It's about to end, which may take a while if it does so in order.
                await asyncio.sleep(patience.stop)
                break
            except Unanswered:
                break
            if worker.serving_since is None and self._loop.time() - started > patience.start:
                break
            await asyncio.sleep(patience.pulse)
        _log.error("worker_hung", extra={"worker": worker.number})
        worker.signal(signal.SIGKILL)

    def _was_steady(self, worker: Worker) -> bool:
        since = worker.serving_since
        return since is not None and self._loop.time() - since >= self._patience.steady

    def _give_up(self, number: int, code: int, failures: int) -> None:
        self._code = code if code in {FAILED, USAGE} else FAILED
        if self._ever_served or code not in {FAILED, USAGE}:
            times = "once" if failures == 1 else f"{failures} times in a row"
            self.trouble = f"worker {number} failed {times}, with exit code {code}; all workers end"
        self.stop(signal.SIGTERM)

    def _lose_patience(self) -> None:
        if self._workers:
            _log.error("workers_killed", extra={"workers": sorted(self._workers)})
            self._code = FAILED
            self.kill()

    # What workers ask -----------------------------------------------------------------------------

    async def _answer(self, worker: Worker, what: str) -> bytes:
        if what != SERVING:
            return await self._gather(what)
        worker.serving_since = self._loop.time()
        self._first.set()
        if worker.number not in self._ever_served:
            self._ever_served.add(worker.number)
            if len(self._ever_served) == self._count:
                self._all_serve()
        return b"null"

    async def _gather(self, what: str) -> bytes:
        """Ask all workers that serve; one that doesn't answer in time stands there without an answer."""
        serving = [worker for worker in self._workers.values() if worker.serving_since is not None]
        answers = await asyncio.gather(*(self._one(worker, what) for worker in serving))
        asked = {worker.number: answer for worker, answer in zip(serving, answers, strict=True)}
        answered = {number: answer for number, answer in asked.items() if answer is not None}
        silent = sorted(asked.keys() - answered.keys())
        return encode(Reports(answers=answered, silent=silent, restarts=self._restarts))

    async def _one(self, worker: Worker, what: str) -> msgspec.Raw | None:
        try:
            return msgspec.Raw(await worker.line.ask(what, self._patience.answer))
        except Unanswered as error:
            _log.warning("worker_silent", extra={"worker": worker.number, "reason": str(error)})
            return None
