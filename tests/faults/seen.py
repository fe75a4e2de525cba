"""What must be true of each reader: every message once, in order, or a gap where retention made one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brokers.base import UNWRITTEN
from tests.faults.facts import Facts, Violation
from tests.faults.history import Event, Place, What

# A client that joins without recovery receives this many messages at once; the others are older pages.
PAGE: Final = 50


class Story:
    """One reader as it reads: its position, and whether missing messages were reported to it."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        # The last event with a position.
        self.last: Event | None = None
        self._gap: Event | None = None
        self._unrecovered: Event | None = None

    def read(self, event: Event) -> Iterator[Violation]:
        """Process its next event."""
        match event.what:
            case What.GAP:
                self._gap = event
            case What.JOINS:
                self._unrecovered = event
                self.last = self.last or event
            case What.RESUMES:
                yield from self._resumes(event)
            case _:
                yield from self._receives(event)

    def _resumes(self, event: Event) -> Iterator[Violation]:
        """Check that its position is the one it resumes after."""
        if self.last is None or self._gap is not None:
            self.last = self.last or event
            return
        here, there = _places(self.last, event)
        missed = self._facts.between(there.epoch, here.offset, there.offset + 1)
        if here.epoch == there.epoch and missed:
            yield Violation("complete", _misses(event, missed), (self.last, missed[0], event))

    def _receives(self, event: Event) -> Iterator[Violation]:
        last, self.last = self.last, event
        gap, self._gap = self._gap, None
        unrecovered, self._unrecovered = self._unrecovered, None
        if last is None:
            yield Violation("in order", f"{event.who} receives a message before its join", (event,))
            return
        here, there = _places(last, event)
        if unrecovered is not None and unrecovered is not last and gap is None:
            yield Violation(
                "gap reported",
                f"{event.who} joined without recovery and received no gap",
                (last, unrecovered, event),
            )
        if gap is not None:
            yield from self._gap_is_right(last, gap, event)
        elif here.epoch != there.epoch:
            yield Violation("gap reported", f"{event.who} received no gap between two epochs", (last, event))
        else:
            yield from self._follows(last, event)

    def _follows(self, last: Event, event: Event) -> Iterator[Violation]:
        here, there = _places(last, event)
        if last.what is What.RECEIVES and there.offset <= here.offset:
            what = "twice" if there == here else "after a later one"
            yield Violation("in order", f"{event.who} receives a message {what}", (last, event))
        missed = self._facts.between(here.epoch, here.offset, there.offset)
        if missed:
            yield Violation("complete", _misses(event, missed), (last, missed[0], event))

    def _gap_is_right(self, last: Event, gap: Event, event: Event) -> Iterator[Violation]:
        """Check that retention made the gap: as many entries as are kept follow the missing ones.

        A client that has seen what a failover lost is reset: it gets a gap, and a page that it may know.
        """
        facts = self._facts
        if facts.plan.fails_over:
            return
        here, there = _places(last, event)
        same = here.epoch == there.epoch
        if same and there.offset <= here.offset:
            yield Violation(
                "in order", f"{event.who} receives a message twice, after a gap", (last, gap, event)
            )
            return
        lost = facts.between(there.epoch, here.offset if same else 0, there.offset)
        if same and not lost:
            yield Violation(
                "a true gap", f"{event.who} receives a gap, but missed nothing", (last, gap, event)
            )
        kept = min(facts.plan.retains, PAGE)
        if lost and facts.count_after(_place(lost[-1]), gap.at) < kept:
            says = f"{event.who} receives a gap, but {lost[-1].key} was kept"
            yield Violation("a true gap", says, (last, gap, lost[-1], event))


def stories(facts: Facts) -> Iterator[Violation]:
    """Check the events of every reader, up to the room's end for those who stayed."""
    stayed = {event.who for event in facts.events if event.what is What.STAYS}
    for who, events in facts.stories.items():
        story = Story(facts)
        for event in events:
            yield from story.read(event)
        if who in stayed and story.last is not None:
            yield from _ends(facts, story.last)


def _ends(facts: Facts, last: Event) -> Iterator[Violation]:
    head, here = facts.head, _place(last)
    if head is None or here == head:
        return
    missed = facts.between(head.epoch, here.offset if here.epoch == head.epoch else 0, head.offset + 1)
    if missed:
        says = f"{last.who} is connected, and never receives {missed[0].key} and the following messages"
        yield Violation("to the end", says, (last, missed[0]))


def _misses(event: Event, missed: list[Event]) -> str:
    others = f" and {len(missed) - 1} others" if len(missed) > 1 else ""
    return f"{event.who} misses {missed[0].key}{others}"


def _places(last: Event, event: Event) -> tuple[Place, Place]:
    """Return the positions of two events. Before the first message of a room (RM10), it is the beginning."""
    here, there = _place(last), _place(event)
    return (Place(there.epoch, 0) if here.epoch == UNWRITTEN else here), there


def _place(event: Event) -> Place:
    assert event.place is not None, event
    return event.place
