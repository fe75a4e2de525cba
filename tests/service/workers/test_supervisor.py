"""The supervisor with fake workers: which it restarts, when it stops trying, how it ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.runtime.process import FAILED
from service.workers.reports import READINESS
from service.workers.supervisor import Supervisor, SupervisorTimeouts
from tests.service.workers.stand_in import LAST_OUTPUTS

ROOT = Path(__file__).parents[3]
STAND_IN = "tests.service.workers.stand_in"
QUICK = SupervisorTimeouts(
    first_wait=0.01,
    longest_wait=0.02,
    max_failures=3,
    heartbeat_interval=0.05,
    heartbeat_timeout=20,
    stop_timeout=20,
)


class Stage:
    """A supervisor, and the workers that it started."""

    def __init__(
        self, behaviour: Callable[[int, int], str], count: int, timeouts: SupervisorTimeouts
    ) -> None:
        self.behaviour = behaviour
        self.started: list[int] = []
        self.all_started = asyncio.Event()
        self.announcements = 0
        self.supervisor = Supervisor(
            self._command, count, timeouts=timeouts, on_all_started=self._on_all_started
        )

    def _on_all_started(self) -> None:
        self.announcements += 1
        self.all_started.set()

    def _command(self, number: int) -> Sequence[str]:
        self.started.append(number)
        behaviour = self.behaviour(number, self.started.count(number))
        if behaviour == "can't be started":
            return ("/no/such/program",)
        return (sys.executable, "-m", STAND_IN, behaviour, str(number))

    def serves(self, number: int) -> bool:
        worker = self.supervisor._workers.get(number)  # noqa: SLF001 - no public attribute shows it
        return worker is not None and worker.serving_since is not None


async def until(holds: Callable[[], object]) -> None:
    """Wait until a condition holds, and leave the cores to the workers."""
    while not holds():  # noqa: ASYNC110 - a starting process sends no event
        await asyncio.sleep(0.01)


@asynccontextmanager
async def working(
    behaviour: Callable[[int, int], str], count: int = 2, timeouts: SupervisorTimeouts = QUICK
) -> AsyncIterator[tuple[Stage, asyncio.Task[int]]]:
    """Run a supervisor; `behaviour` returns a worker's behaviour by its number and its number of starts."""
    stage = Stage(behaviour, count, timeouts)
    running = asyncio.create_task(stage.supervisor.run())
    try:
        async with asyncio.timeout(40):
            yield stage, running
    finally:
        stage.supervisor.kill()
        running.cancel()
        await asyncio.wait({running})


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_workers_serve_until_stopped(number: int) -> None:
    async with working(lambda *_: "serve") as (stage, running):
        await stage.all_started.wait()
        stage.supervisor.stop(number)
        assert await running == 0
        assert stage.started == [1, 2]
        assert stage.supervisor.failure is None


async def test_an_error_that_affects_all_workers_is_met_once() -> None:
    async with working(lambda *_: "fail") as (stage, running):
        assert await running == FAILED
        assert stage.started == [1]


async def test_a_worker_that_dies_is_restarted() -> None:
    async with working(lambda *_: "serve") as (stage, running):
        await stage.all_started.wait()
        stage.supervisor._workers[2].signal(signal.SIGKILL)  # noqa: SLF001 - as the system would
        await until(lambda: stage.started == [1, 2, 2] and stage.serves(2))
        assert stage.announcements == 1
        stage.supervisor.stop(signal.SIGTERM)
        assert await running == 0


@pytest.mark.parametrize("last", LAST_OUTPUTS)
async def test_a_worker_that_dies_while_it_writes_does_not_affect_the_others(last: str) -> None:
    def behaviour(number: int, start: int) -> str:
        return last if (number, start) == (2, 1) else "serve"

    async with working(behaviour) as (stage, running):
        await until(lambda: stage.started == [1, 2, 2] or running.done())
        stage.supervisor.stop(signal.SIGTERM)
        assert await running == 0
        assert stage.started == [1, 2, 2]


async def test_a_worker_that_could_not_be_started_is_retried() -> None:
    def behaviour(number: int, start: int) -> str:
        return "can't be started" if (number, start) == (2, 1) else "serve"

    async with working(behaviour) as (stage, running):
        await stage.all_started.wait()
        assert stage.started == [1, 2, 2]
        stage.supervisor.stop(signal.SIGTERM)
        assert await running == 0


async def test_a_worker_that_keeps_failing_ends_all_with_a_sentence() -> None:
    async with working(lambda number, _: "serve" if number == 1 else "fail") as (stage, running):
        assert await running == FAILED
        assert stage.started == [1, 2, 2, 2]
        failure = stage.supervisor.failure
        assert failure == "worker 2 failed 3 times in a row, with exit code 1; all workers end"


async def test_a_worker_that_dies_soon_after_it_served_counts_as_failing() -> None:
    async with working(lambda number, _: "serve" if number == 1 else "die") as (stage, running):
        assert await running == FAILED
        assert stage.started == [1, 2, 2, 2]


async def test_failures_are_forgotten_once_a_worker_was_stable() -> None:
    timeouts = SupervisorTimeouts(
        first_wait=0.01,
        longest_wait=0.02,
        max_failures=2,
        stable_after=0,
        heartbeat_interval=0.05,
        heartbeat_timeout=20,
        stop_timeout=20,
    )
    async with working(lambda _, start: "serve" if start > 5 else "die", 1, timeouts) as (stage, running):
        await until(lambda: len(stage.started) == 6)
        stage.supervisor.stop(signal.SIGTERM)
        assert await running == 0


async def test_a_worker_with_a_blocked_loop_is_replaced() -> None:
    timeouts = SupervisorTimeouts(
        first_wait=0.01, longest_wait=0.02, heartbeat_interval=0.01, heartbeat_timeout=0.5, stop_timeout=20
    )

    def behaviour(number: int, start: int) -> str:
        return "hang" if (number, start) == (2, 1) else "serve"

    async with working(behaviour, timeouts=timeouts) as (stage, running):
        await until(lambda: stage.started.count(2) == 2)
        stage.supervisor.stop(signal.SIGTERM)
        assert await running == 0


async def test_a_worker_that_starts_slowly_is_not_killed_as_hung() -> None:
    # No interpreter starts that fast.
    timeouts = SupervisorTimeouts(
        heartbeat_interval=30, heartbeat_timeout=0.001, start_timeout=30, stop_timeout=20
    )
    async with working(lambda *_: "serve", count=1, timeouts=timeouts) as (stage, running):
        await stage.all_started.wait()
        assert stage.started == [1]
        stage.supervisor.stop(signal.SIGTERM)
        assert await running == 0


async def test_a_worker_that_does_not_stop_is_killed() -> None:
    timeouts = SupervisorTimeouts(stop_timeout=0.3)
    async with working(lambda number, _: "stay" if number == 1 else "serve", timeouts=timeouts) as (
        stage,
        running,
    ):
        await stage.all_started.wait()
        stage.supervisor.stop(signal.SIGTERM)
        assert await running == FAILED


async def test_a_stop_during_the_start_leaves_nothing() -> None:
    async with working(lambda *_: "serve") as (stage, running):
        await until(lambda: stage.started)
        stage.supervisor.stop(signal.SIGTERM)
        assert await running == 0
        assert stage.started == [1]


async def test_a_worker_that_waits_for_the_broker_serves_alone_and_is_no_failure() -> None:
    async with working(lambda _, __: "wait") as (stage, running):
        await until(lambda: stage.serves(1))
        reports = await stage.supervisor._gather(READINESS)  # noqa: SLF001 - as a worker would request it
        assert stage.started == [1]
        assert b'"unanswered":[1]' in reports, "a worker that waits is asked for its readiness"
        assert not stage.all_started.is_set()
        stage.supervisor.stop(signal.SIGTERM)
        assert await running == 0
        assert stage.supervisor.failure is None
