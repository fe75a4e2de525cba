"""Real runs: a cluster with faults keeps its promises, and a sabotaged one is detected.

All runs of a kind share their time: they mostly wait.
"""

from __future__ import annotations

import asyncio
from functools import cache

import pytest
from msgspec.structs import replace

from tests.faults.checks import check, report
from tests.faults.drawing import draw
from tests.faults.history import Record
from tests.faults.plan import Fault, Kind, Person, Plan
from tests.faults.run import PATIENCE, run
from tests.faults.sabotage import SABOTAGES, command
from tests.faults.world import SERVICE

# What the checks report for each sabotage, among other things.
FOUND = {
    "cry": "a true gap",
    "double": "once",
    "drop": "complete",
    "haunt": "no ghosts",
    "leak": "nothing left",
    "lie": "acknowledged",
    "swap": "same everywhere",
}
# Seeds with faults of many kinds, and few clients.
STORMS = {"memory": 3, "nats": 5, "redis": 5}
# The limit for settling in a run that is expected to fail (seconds).
IMPATIENT = 4.0

QUIET = Plan(
    seed=1,
    broker="memory",
    nodes=1,
    seconds=1.5,
    entries=1000,
    log=1000,
    inbox=1000,
    people=tuple(
        Person(name=f"p{number}", rooms=("lobby",), pace=6.0, stays=number > 0) for number in range(4)
    ),
    faults=(Fault(at=0.6, kind=Kind.CUT, target="p1"),),
)

# A node starts while writes are refused; the other one runs all the time.
REFUSING = replace(
    QUIET,
    broker="nats",
    nodes=2,
    seconds=6.0,
    faults=(
        Fault(at=0.8, kind=Kind.KILL, target="node-0", lasts=1.0),
        Fault(at=1.0, kind=Kind.FILL, target="broker", lasts=3.0),
        Fault(at=1.5, kind=Kind.CUT, target="p1"),
        Fault(at=2.0, kind=Kind.LEAVE, target="p2", lasts=0.5),
    ),
)


async def run_all(*runs: tuple[Plan, tuple[str, ...], float]) -> list[Record]:
    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(run(plan, node, patience=limit)) for plan, node, limit in runs]
    return [one.result() for one in made]


@cache
def sabotaged() -> dict[str, Record]:
    runs = [(QUIET, command(name), IMPATIENT) for name in SABOTAGES]
    return dict(zip(SABOTAGES, asyncio.run(run_all((QUIET, SERVICE, PATIENCE), *runs))[1:], strict=True))


@cache
def storms() -> dict[str, Record]:
    plans = [draw(seed, broker, seconds=6.0, clients=8) for broker, seed in STORMS.items()]
    return dict(
        zip(STORMS, asyncio.run(run_all(*((plan, SERVICE, PATIENCE) for plan in plans))), strict=True)
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("broker", STORMS)
def test_a_storm_breaks_no_promise(broker: str) -> None:
    record = storms()[broker]
    broken = check(record)
    assert not broken, report(record, broken)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_refused_writes_break_no_promise() -> None:
    record = asyncio.run(run(REFUSING, SERVICE, patience=PATIENCE))
    broken = check(record)
    assert not broken, report(record, broken)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotage_is_found_and_named(name: str) -> None:
    record = sabotaged()[name]
    assert FOUND[name] in {violation.rule for violation in check(record)}
