"""What must be true when all is healed: clients are back, messages are answered, nothing is left over."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from service.runtime.process import FAILED
from tests.faults.facts import Violation
from tests.faults.history import PLAIN, Event, Record, What
from tests.faults.plan import ARCHIVE, BROKER, Kind

# The errors that a client may receive for a message when an outage exceeds the broker's memory of keys.
_EXPECTED: Final = frozenset({"outbox_full", "not_joined"})

_PLAIN_NAME: Final = len("q00")


def answered(record: Record) -> Iterator[Violation]:
    """Check that each message of a client that stayed is stored in the end, without an error."""
    waiting: dict[str, Event] = {}
    for event in _until_rest(record):
        # The plain codec has no answers.
        if event.what is What.SENDS and not event.key.startswith(PLAIN):
            waiting[event.key] = event
        elif event.what in {What.STORED, What.FAILED}:
            waiting.pop(event.key, None)
        elif event.what is What.QUITS:
            waiting = {key: sent for key, sent in waiting.items() if sent.who != event.who}
    for sent in waiting.values():
        yield Violation("answered", f"{sent.key} is never acknowledged", (sent,))
    for event in record.events:
        if event.what is What.FAILED and event.note not in _EXPECTED:
            yield Violation("answered", f"{event.key} is refused", (event,))


def _until_rest(record: Record) -> Iterator[Event]:
    return takewhile(lambda event: event.what is not What.STAYS, record.events)


def returned(record: Record) -> Iterator[Violation]:
    """Check that every client is in all its rooms at the end, and that none ended."""
    there = {(event.who, event.room) for event in record.events if event.what is What.STAYS}
    for person in record.plan.people:
        for room in person.rooms:
            if (person.name, room) not in there:
                last = [event for event in record.events if event.who == person.name][-1:]
                yield Violation("returned", f"{person.name} doesn't rejoin {room}", tuple(last))
    for event in record.events:
        if event.what is What.ENDS:
            yield Violation("returned", f"the client of {event.who} ends", (event,))


def no_ghosts(record: Record) -> Iterator[Violation]:
    """Check that each node and each client lists exactly the connected users."""
    here = {room: _here(record, room) for room in record.plan.rooms}
    for event in record.events:
        if event.what is What.LISTS:
            listed = set(map(listed_as, event.note.split()))
            for name in sorted(listed - here[event.room]):
                yield Violation("no ghosts", f"{event.who} lists {name}, who isn't connected", (event,))
            for name in sorted(here[event.room] - listed):
                yield Violation("no ghosts", f"{event.who} doesn't list {name}, who is connected", (event,))


def _here(record: Record, room: str) -> set[str]:
    """Return the users in a room when the members are listed."""
    here: dict[str, str] = {}
    for event in takewhile(lambda event: event.what is not What.LISTS, record.events):
        if event.what is What.STAYS and event.room == room:
            here[event.who] = event.note
        elif event.what is What.QUITS:
            here.pop(event.who, None)
    return set(here.values())


def listed_as(name: str) -> str:
    """Return the client of a listed name: while a plain one's name is in use, it gets one with a number."""
    return name[:_PLAIN_NAME] if name.startswith(PLAIN) else name


def nothing_left(record: Record) -> Iterator[Violation]:
    """Check that nodes return to their first state, end when terminated, and log no errors."""
    for event in record.events:
        if event.what in {What.LEAVES_OVER, What.COMPLAINS} and not _is_planned(record, event):
            yield Violation("nothing left", f"{event.who} {event.what} {event.note[:300]}", (event,))


def _is_planned(record: Record, event: Event) -> bool:
    """Return whether a node reports what the plan did: a worker that was killed, a disk that was full.

    A worker that starts while its broker refuses a command ends with code 1, and is restarted, as a node is.
    """
    own = {fault.kind for fault in record.plan.faults if fault.target in {event.who, ARCHIVE}}
    refused = any(fault.target == BROKER for fault in record.plan.faults)
    codes = [-signal.SIGKILL, *([FAILED] if refused else [])]
    killed = '"event": "worker_died"' in event.note and any(
        f'"code": {code:d},' in event.note for code in codes
    )
    full = '"event": "archive_refuses_writes"' in event.note
    return (killed and Kind.WORKER in own) or (full and Kind.FILL in own)
