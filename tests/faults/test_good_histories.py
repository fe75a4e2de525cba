"""Of a room that keeps its promises no check complains; if what one reader sees is changed, one does."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.faults.checks import check, report
from tests.faults.history import Event, What
from tests.faults.plan import Plan
from tests.faults.telling import (
    at,
    gap,
    goes_on,
    joins,
    keeps,
    lists,
    plan,
    record,
    sees,
    sends,
    stays,
    stored,
)

NAMES = ("ann", "bob", "cid")


@dataclass
class Room:
    """A room that loses nothing but what retention takes, and readers that come, go, and read in parts."""

    plan: Plan
    log: list[tuple[str, int]] = field(default_factory=list)
    owed: list[tuple[str, str, int]] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    told: list[Event] = field(default_factory=list)

    def say(self, who: str, step: int) -> None:
        key = f"{who}-{len(self.log)}"
        offset = (self.log[-1][1] if self.log else 0) + step
        self.told.append(sends(who, key))
        self.log.append((key, offset))
        self.owed.append((who, key, offset))

    def acknowledge(self) -> None:
        for who, key, offset in self.owed:
            self.told.append(stored(who, key, at(offset)))
        self.owed.clear()

    def come(self, who: str) -> None:
        if who not in self.read:
            self.read[who] = self._before(self._kept)
            self.told.append(joins(who, at(self.read[who])))
        elif who in self.away:
            self.away.discard(who)
            self._resume(who)

    def _resume(self, who: str) -> None:
        start = self._before(self._kept)
        if self.read[who] >= start:
            self.told.append(goes_on(who, at(self.read[who])))
        else:
            self.told += [joins(who, at(start)), gap(who)]
            self.read[who] = start

    def go(self, who: str) -> None:
        if who in self.read:
            self.away.add(who)

    def look(self, who: str, most: int) -> None:
        if who not in self.read or who in self.away:
            return
        if self.read[who] < self._before(self._kept):
            self._resume(who)
        for key, offset in [entry for entry in self._kept if entry[1] > self.read[who]][:most]:
            self.told.append(sees(who, key, at(offset)))
            self.read[who] = offset

    def end(self) -> None:
        self.acknowledge()
        for who in NAMES:
            self.come(who)
            self.look(who, len(self.log))
        for key, offset in self._kept:
            self.told.append(keeps("node-0", key, at(offset), self._before([(key, offset)])))
        self.told += [*map(stays, NAMES), lists("node-0", *NAMES)]

    @property
    def _kept(self) -> list[tuple[str, int]]:
        return self.log[-self.plan.entries :]

    def _before(self, entries: list[tuple[str, int]]) -> int:
        """Tell the offset ahead of the first of some entries."""
        place = self.log.index(entries[0]) if entries else len(self.log)
        return self.log[place - 1][1] if place else 0


who = st.sampled_from(NAMES)
STEPS = st.one_of(
    st.tuples(st.just("say"), who, st.integers(1, 3)),
    st.tuples(st.just("acknowledge")),
    st.tuples(st.just("come"), who),
    st.tuples(st.just("go"), who),
    st.tuples(st.just("look"), who, st.integers(1, 4)),
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
    made = record(room.plan, room.told)
    assert not check(made), report(made, check(made))


def sightings(room: Room) -> list[int]:
    return [place for place, event in enumerate(room.told) if event.what is What.SEES]


# Where nothing is trimmed: elsewhere, what wasn't seen could hide in a gap that is told for good reason.
@given(rooms(entries=(1000,)), st.data())
def test_a_received_message_that_is_dropped_doubled_or_moved_is_found(
    room: Room, data: st.DataObject
) -> None:
    places = sightings(room)
    assume(places)
    place = data.draw(st.sampled_from(places))
    event = room.told[place]
    how = data.draw(st.sampled_from(("drop", "double", "move")))
    if how == "drop":
        events = [*room.told[:place], *room.told[place + 1 :]]
    elif how == "double":
        events = [*room.told[:place], event, *room.told[place:]]
    else:
        later = [other for other in places if other > place and room.told[other].who == event.who]
        assume(later)
        events = list(room.told)
        events[place], events[later[0]] = events[later[0]], events[place]
    assert check(record(room.plan, events))
