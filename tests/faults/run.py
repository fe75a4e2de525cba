"""One run: a plan, applied to a world of its own, and the record of its events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.faults.ending import settle_and_record
from tests.faults.history import Record, Recorder
from tests.faults.plan import Plan
from tests.faults.storm import storm
from tests.faults.world import SERVICE, world

# How long a run may take to settle; a lost node is evicted after 15 s (seconds).
PATIENCE: Final = 60.0


async def run(plan: Plan, command: Sequence[str] = SERVICE, *, patience: float = PATIENCE) -> Record:
    """Run a plan. `command` is the Python command line of a node."""
    recorder = Recorder()
    async with world(plan, recorder, command) as made:
        recorder.start()
        for name in made.people:
            made.connect(name)
        await storm(made)
        await settle_and_record(made, patience)
    return Record(plan=plan, events=recorder.events)
