"""One run: a plan, done to a world of its own, and all that was seen of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.faults.ending import come_to_rest
from tests.faults.history import Record, Recorder
from tests.faults.plan import Plan
from tests.faults.storm import storm
from tests.faults.world import SERVICE, world

# How long a run may take to come to rest; a node that died is noticed after 15 s (seconds).
PATIENCE: Final = 60.0


async def run(plan: Plan, command: Sequence[str] = SERVICE, *, patience: float = PATIENCE) -> Record:
    """Do what a plan says. `command` is what Python runs as a node."""
    recorder = Recorder()
    async with world(plan, recorder, command) as made:
        recorder.start()
        for name in made.people:
            made.arrive(name)
        await storm(made)
        await come_to_rest(made, patience)
    return Record(plan=plan, events=recorder.events)
