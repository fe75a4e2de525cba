"""Real runs: a cluster with faults keeps its promises, and a sabotaged one is detected.

All runs of a kind share their time: they mostly wait.
"""

from __future__ import annotations

import asyncio
from functools import cache

import pytest
from msgspec.structs import replace

from tests.faults.archives import Sqlite
from tests.faults.checks import check, report
from tests.faults.drawing import draw
from tests.faults.history import Record, What
from tests.faults.plan import Fault, Kind, Person, Plan
from tests.faults.run import PATIENCE, run
from tests.faults.sabotage import SABOTAGES, command
from tests.faults.versions import NoVersion, built
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

# A worker is killed, PostgreSQL and the broker too; two clients use the plain codec.
PLAIN = tuple(Person(name=f"q{number:02}", rooms=("lobby",), pace=4.0, plain=True) for number in range(2))
CRASHING = replace(
    QUIET,
    broker="redis",
    nodes=2,
    workers=2,
    archive="postgres",
    seconds=5.0,
    people=(*QUIET.people, *PLAIN),
    faults=(
        Fault(at=0.6, kind=Kind.WORKER, target="node-0"),
        Fault(at=0.8, kind=Kind.KILL, target="archive", lasts=1.0),
        Fault(at=1.2, kind=Kind.KILL, target="broker", lasts=0.5),
        Fault(at=2.5, kind=Kind.DENY, target="broker", lasts=0.5, amount=0.0),
        Fault(at=3.5, kind=Kind.READONLY, target="broker", lasts=0.5),
    ),
)

# The disk of the archive is full, the clock is set back, and the node is killed.
FULL = replace(
    QUIET,
    archive="sqlite",
    entries=15,
    log=10,
    seconds=5.0,
    people=(*QUIET.people, *PLAIN),
    faults=(
        Fault(at=0.6, kind=Kind.FILL, target="archive", lasts=1.0),
        Fault(at=1.0, kind=Kind.STEP, target="node-0", lasts=2.0, amount=-3600.0),
        Fault(at=2.5, kind=Kind.KILL, target="node-0", lasts=0.2),
    ),
)
# The other version is the last commit: this tests how nodes change versions, and not what changed.
UPGRADE = replace(
    QUIET,
    broker="redis",
    nodes=2,
    seconds=4.0,
    other="HEAD",
    faults=(
        Fault(at=0.5, kind=Kind.VERSION, target="node-0", lasts=1.0),
        Fault(at=1.5, kind=Kind.VERSION, target="node-1", lasts=1.0),
    ),
)
WORLDS = {"crashing": CRASHING, "full": FULL, "upgrade": UPGRADE}


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


@cache
def worlds() -> dict[str, Record]:
    plans = {name: plan for name, plan in WORLDS.items() if not plan.other or is_built(plan.other)}
    records = asyncio.run(run_all(*((plan, SERVICE, PATIENCE) for plan in plans.values())))
    return dict(zip(plans, records, strict=True))


def is_built(version: str) -> bool:
    try:
        built(version)
    except NoVersion:
        return False
    return True


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", WORLDS)
def test_a_world_of_its_own_breaks_no_promise(name: str) -> None:
    if name == "full" and not Sqlite.can_be_full():
        pytest.skip("needs the right to mount a file system")
    if name not in worlds():
        pytest.skip("needs the history of this repository")
    record = worlds()[name]
    broken = check(record)
    assert not broken, report(record, broken)
    seen = {event.what for event in record.events}
    assert What.READS in seen
    assert (What.ARCHIVED in seen) == bool(record.plan.archive)
    assert (What.HEARS in seen) == bool(record.plan.plain)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotage_is_found_and_named(name: str) -> None:
    record = sabotaged()[name]
    assert FOUND[name] in {violation.rule for violation in check(record)}
