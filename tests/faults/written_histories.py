"""Histories written by hand: each line is an event, one second after the line before."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tests.faults.history import Event, Place, Record, What, digest
from tests.faults.plan import Fault, Kind, Person, Plan

ROOM = "lobby"


def plan(*names: str, entries: int = 1000, broker: str = "redis", nodes: int = 1) -> Plan:
    """Return a plan without faults, only with its clients."""
    people = tuple(Person(name=name, rooms=(ROOM,), pace=1.0) for name in names)
    dies = {"memory": "node-0", "nats": "broker"}.get(broker)
    faults = (Fault(at=1.0, kind=Kind.KILL, target=dies, lasts=1.0),) if dies else ()
    return Plan(
        seed=0,
        broker=broker,
        nodes=nodes,
        seconds=1.0,
        entries=entries,
        log=1,
        inbox=1,
        people=people,
        faults=faults,
    )


def at(offset: int, epoch: str = "e1") -> Place:
    return Place(epoch, offset)


def sends(who: str, key: str) -> Event:
    return _event(who, What.SENDS, key=key, note=digest(key))


def stored(who: str, key: str, place: Place) -> Event:
    return _event(who, What.STORED, key=key, place=place)


def receives(who: str, key: str, place: Place) -> Event:
    return _event(who, What.RECEIVES, key=key, place=place, note=digest(key))


def joins(who: str, place: Place) -> Event:
    return _event(who, What.JOINS, place=place)


def resumes(who: str, place: Place) -> Event:
    return _event(who, What.RESUMES, place=place)


def gap(who: str) -> Event:
    return _event(who, What.GAP)


def stays(who: str) -> Event:
    return _event(who, What.STAYS, note=who)


def quits(who: str) -> Event:
    return Event(at=0, who=who, what=What.QUITS)


def ends(who: str) -> Event:
    return _event(who, What.ENDS, note="closed")


def keeps(node: str, key: str, place: Place, prev: int) -> Event:
    return _event(node, What.KEEPS, key=key, place=place, prev=prev, note=digest(key))


def archived(key: str, place: Place) -> Event:
    return _event("archive", What.ARCHIVED, key=key, place=place, note=digest(key))


def hears(who: str, key: str) -> Event:
    return _event(who, What.HEARS, key=key, note=digest(key))


def reads(node: str, key: str, place: Place, since: float) -> Event:
    return msgspec.structs.replace(_event(node, What.READS, key=key, place=place), since=since)


def lists(node: str, *names: str) -> Event:
    return _event(node, What.LISTS, note=" ".join(names))


def left_over(node: str, what: str) -> Event:
    return Event(at=0, who=node, what=What.LEAVES_OVER, note=what)


def complains(node: str, line: str) -> Event:
    return Event(at=0, who=node, what=What.COMPLAINS, note=line)


def record(made: Plan, events: Iterable[Event]) -> Record:
    """Put the events one second apart."""
    timed = [msgspec.structs.replace(event, at=float(second)) for second, event in enumerate(events)]
    return Record(plan=made, events=timed)


def _event(
    who: str,
    what: What,
    *,
    key: str = "",
    place: Place | None = None,
    prev: int | None = None,
    note: str = "",
) -> Event:
    return Event(at=0, who=who, what=what, room=ROOM, key=key, place=place, prev=prev, note=note)
