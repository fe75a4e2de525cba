"""The independent judge, applied to a run: one order for each room, and no stale read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import inf
from typing import Final

from tests.faults.facts import Violation
from tests.faults.history import Event, Record, What
from tests.faults.linearizing import Operation, Read, contradiction

# Events that state which message is at a place.
_STATED: Final = frozenset({What.STORED, What.RECEIVES, What.KEEPS, What.READS})


def one_order(record: Record) -> Iterator[Violation]:
    """Check that each room is linearizable, epoch by epoch.

    Redis delivers an entry before a replica has it, so what a failover loses may have been read.
    """
    if record.plan.fails_over:
        return
    for room in record.plan.rooms:
        events = [event for event in record.events if event.room == room]
        for epoch in sorted({event.place.epoch for event in events if event.place}):
            yield from _judge(room, epoch, events)


def _judge(room: str, epoch: str, events: list[Event]) -> Iterator[Violation]:
    stated: dict[int, Event] = {}
    ends: defaultdict[tuple[str, int], float] = defaultdict(lambda: inf)
    begins: dict[str, float] = {}
    for event in events:
        if event.what is What.SENDS:
            begins[event.key] = event.at
        if event.place is None or event.place.epoch != epoch or event.what not in _STATED:
            continue
        stated.setdefault(event.place.offset, event)
        if event.what is What.STORED:
            ends[event.key, event.place.offset] = event.at
    offsets = sorted(stated)
    # What no client sent is reported by another check.
    log = [
        Operation(key, begins.get(key, 0.0), ends[key, offset])
        for offset, key in ((offset, stated[offset].key) for offset in offsets)
    ]
    ranks = {offset: rank for rank, offset in enumerate(offsets, start=1)}
    reads = [
        Read(f"a read at {event.who}", event.since, event.at, ranks[event.place.offset])
        for event in events
        if event.what is What.READS and event.place and event.place.epoch == epoch
    ]
    if found := contradiction(log, reads):
        names = {found.operation.name, found.cause.name}
        shown = [event for event in events if event.key in names and event.what in {What.SENDS, What.STORED}]
        times = {found.operation.end, found.cause.begin}
        shown += [event for event in events if event.what is What.READS and {event.at, event.since} & times]
        yield Violation("one order", f"{room} is not linearizable: {found.says}", tuple(shown))
