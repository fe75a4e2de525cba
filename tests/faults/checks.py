"""All checks of a run. Each check is a pure function over the record, and yields its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.faults import heard, judged, rest, seen, stored
from tests.faults.facts import Violation, rooms
from tests.faults.history import Event, Record, What
from tests.faults.plan import BROKER

_OF_ROOMS: Final = (
    stored.same_everywhere,
    stored.once,
    stored.one_epoch,
    stored.authentic,
    stored.acknowledged,
    stored.archived,
    stored.same_history,
    stored.order_of_sending,
    stored.order_of_time,
    seen.stories,
    heard.texts,
)
_OF_RUNS: Final = (judged.one_order, rest.answered, rest.returned, rest.no_ghosts, rest.nothing_left)
# Faults that ended this long ago are unlikely to be the cause (seconds).
_MEMORY: Final = 3.0
_AROUND: Final = 12


def check(record: Record) -> list[Violation]:
    """Return all violations, those with the fewest events first."""
    return sorted(_check(record), key=lambda violation: len(violation.events))


def _check(record: Record) -> Iterator[Violation]:
    for facts in rooms(record):
        for of_room in _OF_ROOMS:
            yield from of_room(facts)
    for of_run in _OF_RUNS:
        yield from of_run(record)


def report(record: Record, violations: list[Violation], most: int = 3) -> str:
    """Describe the violations: for each broken rule the shortest histories, and the faults at that time."""
    parts = []
    for rule in dict.fromkeys(violation.rule for violation in violations):
        found = [violation for violation in violations if violation.rule == rule]
        parts += [_explain(record, violation) for violation in found[:most]]
        if len(found) > most:
            parts.append(f"{rule}: {len(found) - most} more")
    return "\n\n".join(parts)


def _explain(record: Record, violation: Violation) -> str:
    if not violation.events:
        return str(violation)
    times = [event.at for event in violation.events]
    since, until = min(times) - _MEMORY, max(times)
    concerned = {event.who for event in violation.events} | {BROKER, *record.plan.names}
    around = [
        event for event in record.events if _is_fault_of(concerned, event) and since <= event.at <= until
    ]
    return "\n".join([str(violation), *(f"  meanwhile {event}" for event in around[:_AROUND])])


def _is_fault_of(concerned: set[str], event: Event) -> bool:
    return event.what in {What.FAULT, What.HEALED} and event.note.split()[-1] in concerned
