"""The parent of the workers, with stand-ins: whom it starts again, when it gives up, how it ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.runtime.process import FAILED
from service.workers.supervisor import Patience, Supervisor
from tests.service.workers.stand_in import SAYS

ROOT = Path(__file__).parents[3]
STAND_IN = "tests.service.workers.stand_in"
QUICK = Patience(first_wait=0.01, longest_wait=0.02, tries=3, pulse=0.05, hung=20, stop=20)


class Workshop:
    """A parent, and what it started."""

    def __init__(self, behaviour: Callable[[int, int], str], count: int, patience: Patience) -> None:
        self.behaviour = behaviour
        self.started: list[int] = []
        self.all_serve = asyncio.Event()
        self.greetings = 0
        self.supervisor = Supervisor(self._command, count, patience=patience, all_serve=self._greet)

    def _greet(self) -> None:
        self.greetings += 1
        self.all_serve.set()

    def _command(self, number: int) -> Sequence[str]:
        self.started.append(number)
        behaviour = self.behaviour(number, self.started.count(number))
        if behaviour == "can't be started":
            return ("/no/such/program",)
        return (sys.executable, "-m", STAND_IN, behaviour, str(number))

    def serves(self, number: int) -> bool:
        worker = self.supervisor._workers.get(number)  # noqa: SLF001 - nobody else is told
        return worker is not None and worker.serving_since is not None


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds, without keeping the workers from a core."""
    while not holds():  # noqa: ASYNC110 - a process that starts tells nobody
        await asyncio.sleep(0.01)


@asynccontextmanager
async def working(
    behaviour: Callable[[int, int], str], count: int = 2, patience: Patience = QUICK
) -> AsyncIterator[tuple[Workshop, asyncio.Task[int]]]:
    """Run a parent; `behaviour` says what a worker does by its number, and how often it was started."""
    workshop = Workshop(behaviour, count, patience)
    running = asyncio.create_task(workshop.supervisor.run())
    try:
        async with asyncio.timeout(40):
            yield workshop, running
    finally:
        workshop.supervisor.kill()
        running.cancel()
        await asyncio.wait({running})


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_workers_serve_until_told_to_stop(number: int) -> None:
    async with working(lambda *_: "serve") as (workshop, running):
        await workshop.all_serve.wait()
        workshop.supervisor.stop(number)
        assert await running == 0
        assert workshop.started == [1, 2]
        assert workshop.supervisor.trouble is None


async def test_what_keeps_the_first_worker_from_serving_is_met_once() -> None:
    async with working(lambda *_: "fail") as (workshop, running):
        assert await running == FAILED
        assert workshop.started == [1]


async def test_a_worker_that_dies_is_started_again() -> None:
    async with working(lambda *_: "serve") as (workshop, running):
        await workshop.all_serve.wait()
        workshop.supervisor._workers[2].signal(signal.SIGKILL)  # noqa: SLF001 - as the system would
        await until(lambda: workshop.started == [1, 2, 2] and workshop.serves(2))
        assert workshop.greetings == 1
        workshop.supervisor.stop(signal.SIGTERM)
        assert await running == 0


@pytest.mark.parametrize("last", SAYS)
async def test_a_worker_that_dies_while_it_speaks_takes_nobody_with_it(last: str) -> None:
    def behaviour(number: int, start: int) -> str:
        return last if (number, start) == (2, 1) else "serve"

    async with working(behaviour) as (workshop, running):
        await until(lambda: workshop.started == [1, 2, 2] or running.done())
        workshop.supervisor.stop(signal.SIGTERM)
        assert await running == 0
        assert workshop.started == [1, 2, 2]


async def test_a_worker_that_the_system_does_not_start_is_tried_again() -> None:
    def behaviour(number: int, start: int) -> str:
        return "can't be started" if (number, start) == (2, 1) else "serve"

    async with working(behaviour) as (workshop, running):
        await workshop.all_serve.wait()
        assert workshop.started == [1, 2, 2]
        workshop.supervisor.stop(signal.SIGTERM)
        assert await running == 0


async def test_a_worker_that_keeps_failing_ends_all_with_a_sentence() -> None:
    async with working(lambda number, _: "serve" if number == 1 else "fail") as (workshop, running):
        assert await running == FAILED
        assert workshop.started == [1, 2, 2, 2]
        said = workshop.supervisor.trouble
        assert said == "worker 2 failed 3 times in a row, with exit code 1; all workers end"


async def test_one_that_dies_soon_after_it_served_counts_as_failing() -> None:
    async with working(lambda number, _: "serve" if number == 1 else "die") as (workshop, running):
        assert await running == FAILED
        assert workshop.started == [1, 2, 2, 2]


async def test_failures_are_forgotten_once_a_worker_was_steady() -> None:
    patience = Patience(first_wait=0.01, longest_wait=0.02, tries=2, steady=0, pulse=0.05, hung=20, stop=20)
    async with working(lambda _, start: "serve" if start > 5 else "die", 1, patience) as (workshop, running):
        await until(lambda: len(workshop.started) == 6)
        workshop.supervisor.stop(signal.SIGTERM)
        assert await running == 0


async def test_a_worker_whose_loop_does_not_turn_is_replaced() -> None:
    patience = Patience(first_wait=0.01, longest_wait=0.02, pulse=0.01, hung=0.5, stop=20)

    def behaviour(number: int, start: int) -> str:
        return "hang" if (number, start) == (2, 1) else "serve"

    async with working(behaviour, patience=patience) as (workshop, running):
        await until(lambda: workshop.started.count(2) == 2)
        workshop.supervisor.stop(signal.SIGTERM)
        assert await running == 0


async def test_a_worker_that_starts_slowly_is_not_taken_for_one_that_hangs() -> None:
    # No interpreter starts as fast as that.
    patience = Patience(pulse=30, hung=0.001, start=30, stop=20)
    async with working(lambda *_: "serve", count=1, patience=patience) as (workshop, running):
        await workshop.all_serve.wait()
        assert workshop.started == [1]
        workshop.supervisor.stop(signal.SIGTERM)
        assert await running == 0


async def test_a_worker_that_does_not_stop_is_killed() -> None:
    patience = Patience(stop=0.3)
    async with working(lambda number, _: "stay" if number == 1 else "serve", patience=patience) as (
        workshop,
        running,
    ):
        await workshop.all_serve.wait()
        workshop.supervisor.stop(signal.SIGTERM)
        assert await running == FAILED


async def test_told_to_stop_while_it_starts_nothing_is_left() -> None:
    async with working(lambda *_: "serve") as (workshop, running):
        await until(lambda: workshop.started)
        workshop.supervisor.stop(signal.SIGTERM)
        assert await running == 0
        assert workshop.started == [1]
