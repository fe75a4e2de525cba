"""No check reports a room that keeps its promises; if one reader's events are changed, a check does."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.faults.checks import check, report
from tests.faults.history import Event, What
from tests.faults.plan import Plan
from tests.faults.written_histories import (
    at,
    gap,
    joins,
    keeps,
    lists,
    plan,
    receives,
    record,
    resumes,
    sends,
    stays,
    stored,
)

NAMES = ("ann", "bob", "cid")


@dataclass
class Room:
    """A room that loses only what retention evicts, with readers that join, leave, and read in parts."""

    plan: Plan
    log: list[tuple[str, int]] = field(default_factory=list)
    unacknowledged: list[tuple[str, str, int]] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    disconnected: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)

    def send(self, who: str, step: int) -> None:
        key = f"{who}-{len(self.log)}"
        offset = (self.log[-1][1] if self.log else 0) + step
        self.events.append(sends(who, key))
        self.log.append((key, offset))
        self.unacknowledged.append((who, key, offset))

    def acknowledge(self) -> None:
        for who, key, offset in self.unacknowledged:
            self.events.append(stored(who, key, at(offset)))
        self.unacknowledged.clear()

    def connect(self, who: str) -> None:
        if who not in self.read:
            self.read[who] = self._before(self._kept)
            self.events.append(joins(who, at(self.read[who])))
        elif who in self.disconnected:
            self.disconnected.discard(who)
            self._resume(who)

    def _resume(self, who: str) -> None:
        start = self._before(self._kept)
        if self.read[who] >= start:
            self.events.append(resumes(who, at(self.read[who])))
        else:
            self.events += [joins(who, at(start)), gap(who)]
            self.read[who] = start

    def disconnect(self, who: str) -> None:
        if who in self.read:
            self.disconnected.add(who)

    def receive(self, who: str, most: int) -> None:
        if who not in self.read or who in self.disconnected:
            return
        if self.read[who] < self._before(self._kept):
            self._resume(who)
        for key, offset in [entry for entry in self._kept if entry[1] > self.read[who]][:most]:
            self.events.append(receives(who, key, at(offset)))
            self.read[who] = offset

    def end(self) -> None:
        self.acknowledge()
        for who in NAMES:
            self.connect(who)
            self.receive(who, len(self.log))
        for key, offset in self._kept:
            self.events.append(keeps("node-0", key, at(offset), self._before([(key, offset)])))
        self.events += [*map(stays, NAMES), lists("node-0", *NAMES)]

    @property
    def _kept(self) -> list[tuple[str, int]]:
        return self.log[-self.plan.entries :]

    def _before(self, entries: list[tuple[str, int]]) -> int:
        """Return the offset before the first of some entries."""
        place = self.log.index(entries[0]) if entries else len(self.log)
        return self.log[place - 1][1] if place else 0


who = st.sampled_from(NAMES)
STEPS = st.one_of(
    st.tuples(st.just("send"), who, st.integers(1, 3)),
    st.tuples(st.just("acknowledge")),
    st.tuples(st.just("connect"), who),
    st.tuples(st.just("disconnect"), who),
    st.tuples(st.just("receive"), who, st.integers(1, 4)),
)


@st.composite
def rooms(draw: st.DrawFn, entries: tuple[int, ...] = (2, 5, 1000)) -> Room:
    room = Room(plan(*NAMES, entries=draw(st.sampled_from(entries))))
    for name, *arguments in draw(st.lists(STEPS, max_size=60)):
        getattr(room, name)(*arguments)
    room.end()
    return room


@given(rooms())
def test_a_room_that_keeps_its_promises_passes(room: Room) -> None:
    made = record(room.plan, room.events)
    assert not check(made), report(made, check(made))


def receipts(room: Room) -> list[int]:
    return [place for place, event in enumerate(room.events) if event.what is What.RECEIVES]


# Nothing is evicted here: otherwise a missing message could be hidden in a legitimate gap.
@given(rooms(entries=(1000,)), st.data())
def test_a_received_message_that_is_dropped_doubled_or_moved_is_found(
    room: Room, data: st.DataObject
) -> None:
    places = receipts(room)
    assume(places)
    place = data.draw(st.sampled_from(places))
    event = room.events[place]
    how = data.draw(st.sampled_from(("drop", "double", "move")))
    if how == "drop":
        events = [*room.events[:place], *room.events[place + 1 :]]
    elif how == "double":
        events = [*room.events[:place], event, *room.events[place:]]
    else:
        later = [other for other in places if other > place and room.events[other].who == event.who]
        assume(later)
        events = list(room.events)
        events[place], events[later[0]] = events[later[0]], events[place]
    assert check(record(room.plan, events))
