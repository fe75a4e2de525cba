"""A history, sorted for the checks: the known facts about one room, by source."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from typing_extensions import override

from tests.faults.history import Event, Place, Record, What
from tests.faults.plan import Plan

# Events that state that an entry was stored, and where.
PLACED = frozenset({What.STORED, What.RECEIVES, What.KEEPS, What.ARCHIVED})
# Events of a reader, in the order in which it received them.
_DELIVERED = frozenset({What.RECEIVES})
_STORY = frozenset({What.RECEIVES, What.JOINS, What.RESUMES, What.GAP})


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise, and the shortest history that shows it."""

    rule: str
    says: str
    events: tuple[Event, ...]

    @override
    def __str__(self) -> str:
        shown = sorted(self.events, key=lambda event: event.at)
        return "\n".join([f"{self.rule}: {self.says}", *map(str, shown)])


class Facts:
    """The known facts about one room.

    Attributes:
        sent: by key, the `SENDS` of each message.
        placed: all events that state where a message is stored.
        witness: for each place, the first event that names it.
        kept: by node, what it keeps at the end, in its order.
        stories: by client, what it received.
        archived: what the archive has at the end, in its order.
        heard: by connection of the plain codec, what it received.
    """

    def __init__(self, plan: Plan, room: str, events: Iterable[Event]) -> None:
        self.plan = plan
        self.room = room
        self.events = [event for event in events if event.room == room]
        self.sent = {event.key: event for event in self.events if event.what is What.SENDS}
        self.placed = [event for event in self.events if event.what in PLACED]
        self.kept: dict[str, list[Event]] = defaultdict(list)
        self.stories: dict[str, list[Event]] = defaultdict(list)
        self.heard: dict[str, list[Event]] = defaultdict(list)
        self.archived = [event for event in self.events if event.what is What.ARCHIVED]
        self.witness: dict[Place, Event] = {}
        for event in self.events:
            if event.what is What.KEEPS:
                self.kept[event.who].append(event)
            if event.what is What.HEARS:
                self.heard[event.who].append(event)
            if event.what in _STORY:
                self.stories[event.who].append(event)
        for event, place in self.places():
            self.witness.setdefault(place, event)
        self._offsets: dict[str, list[int]] = defaultdict(list)
        for place in sorted(self.witness):
            self._offsets[place.epoch].append(place.offset)

    def places(self) -> Iterator[tuple[Event, Place]]:
        """Yield all events that state where a message is stored."""
        return ((event, event.place) for event in self.placed if event.place is not None)

    @property
    def epochs(self) -> list[str]:
        """Return the epochs in which something was stored."""
        return list(self._offsets)

    @property
    def head(self) -> Place | None:
        """Return the end of the room, as the nodes keep it."""
        ends = [kept[-1].place for kept in self.kept.values()]
        return max((end for end in ends if end is not None), key=lambda end: end.offset, default=None)

    def between(self, epoch: str, after: int, before: int) -> list[Event]:
        """Return a witness of each entry in the open interval of two offsets."""
        offsets = self._offsets[epoch]
        inside = offsets[bisect_right(offsets, after) : bisect_left(offsets, before)]
        return [self.witness[Place(epoch, offset)] for offset in inside]

    def count_after(self, place: Place, by: float) -> int:
        """Return how many entries after a place may have been stored at a time."""
        offsets = self._offsets[place.epoch]
        later = (
            self.witness[Place(place.epoch, offset)]
            for offset in offsets[bisect_right(offsets, place.offset) :]
        )
        return sum(entry.key not in self.sent or self.sent[entry.key].at <= by for entry in later)


def rooms(record: Record) -> list[Facts]:
    """Sort a record by rooms."""
    return [Facts(record.plan, room, _of(record, room)) for room in record.plan.rooms]


def _of(record: Record, room: str) -> list[Event]:
    """Return the events of a room, without deliveries of what a failover lost.

    What was reported as sent stays: it must be in the final order.
    """
    events = [event for event in record.events if event.room == room]
    if not record.plan.fails_over:
        return events
    kept_places = {event.place for event in events if event.what is What.KEEPS and event.place}
    # What is before all that is kept was trimmed.
    oldest = min(kept_places, key=lambda place: place.offset, default=None)
    delivered_places = {event.place for event in events if event.what in _DELIVERED and event.place}
    lost = {place for place in delivered_places - kept_places if oldest and place.offset > oldest.offset}
    return [event for event in events if event.place not in lost or event.what not in _DELIVERED]
