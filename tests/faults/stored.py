"""What must be true of a room's history: it contains acknowledged messages once, in one order for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from tests.faults.facts import Facts, Violation
from tests.faults.history import Event, Place, What
from tests.faults.plan import BROKER, DEADLY


def same_everywhere(facts: Facts) -> Iterator[Violation]:
    """Check that each place has one message, in every report."""
    others: dict[tuple[Place, str], Event] = {}
    for event, place in facts.places():
        if facts.witness[place].key != event.key:
            others.setdefault((place, event.key), event)
    for (place, _), event in others.items():
        says = f"two messages are at {place} of {facts.room}"
        yield Violation("same everywhere", says, (facts.witness[place], event))


def once(facts: Facts) -> Iterator[Violation]:
    """Check that each message is at one place."""
    found: dict[tuple[str, str], dict[Place, Event]] = defaultdict(dict)
    for event, place in facts.places():
        found[event.key, place.epoch].setdefault(place, event)
    for (key, _), places in found.items():
        first, *others = sorted(places.items())
        for _, event in others[:1]:
            if not _forgotten(facts, first[0], event):
                yield Violation("once", f"{key} is stored twice", (first[1], event))


def _forgotten(facts: Facts, first: Place, again: Event) -> bool:
    """Return whether a NATS may have forgotten a key: after a restart it knows those of stored entries."""
    deadly = (fault for fault in facts.plan.faults if fault.kind in DEADLY and fault.target == BROKER)
    restarted = facts.plan.broker == "nats" and any(fault.at < again.at for fault in deadly)
    return restarted and facts.count_after(first, again.at) >= facts.plan.entries


def one_epoch(facts: Facts) -> Iterator[Violation]:
    """Check that a history doesn't start a new epoch while the broker keeps it."""
    epochs = facts.epochs
    if len(epochs) > 1 and not facts.plan.forgets:
        first = [
            next(event for event, place in facts.places() if place.epoch == epoch) for epoch in epochs[:2]
        ]
        yield Violation("one epoch", f"the history of {facts.room} started a new epoch", tuple(first))


def authentic(facts: Facts) -> Iterator[Violation]:
    """Check that what is stored or received was sent, unchanged."""
    for event in facts.placed:
        sent = facts.sent.get(event.key)
        if sent is None:
            yield Violation("authentic", f"no client sent {event.key}", (event,))
        elif event.what is not What.STORED and event.note != sent.note:
            yield Violation("authentic", f"{event.key} has another text than was sent", (sent, event))


def acknowledged(facts: Facts) -> Iterator[Violation]:
    """Check that every node keeps all acknowledged messages, unless retention evicted them."""
    head = facts.head
    for event in facts.events:
        if event.what is not What.STORED or event.place is None:
            continue
        if facts.plan.forgets and (head is None or head.epoch != event.place.epoch):
            continue
        for node in facts.plan.names:
            kept = facts.kept[node]
            if not any(entry.key == event.key for entry in kept) and not _trimmed(facts, kept, event.place):
                sent = facts.sent.get(event.key)
                says = f"{event.key} was acknowledged, but {node} doesn't keep it"
                yield Violation("acknowledged", says, (*filter(None, [sent]), event))


def _trimmed(facts: Facts, kept: list[Event], place: Place) -> bool:
    later = [entry for entry in kept if entry.place and entry.place.offset > place.offset]
    return len(later) >= facts.plan.retains


def archived(facts: Facts) -> Iterator[Violation]:
    """Check that the archive has every acknowledged message once, in order."""
    plan = facts.plan
    if not plan.archive:
        return
    for before, entry in pairwise(facts.archived):
        here, there = before.place, entry.place
        if here and there and here.epoch == there.epoch and here.offset >= there.offset:
            yield Violation("archived", "the archive's entries are not in order", (before, entry))
    if plan.leaves_gaps:
        return
    found = {(event.key, event.place) for event in facts.archived}
    for event in facts.events:
        if event.what is What.STORED and (event.key, event.place) not in found:
            says = f"{event.key} was acknowledged, but the archive doesn't have it"
            yield Violation("archived", says, (event,))


def same_history(facts: Facts) -> Iterator[Violation]:
    """Check that all nodes keep the same entries, not too many, and that each names the one before it."""
    first, *others = facts.plan.names
    for other in others:
        ours, theirs = ({entry.place: entry for entry in facts.kept[name]} for name in (first, other))
        for place in sorted(filter(None, ours.keys() ^ theirs.keys()))[:1]:
            entry = ours.get(place) or theirs[place]
            yield Violation("same history", f"{first} and {other} keep different entries", (entry,))
    for node, kept in facts.kept.items():
        for before, entry in pairwise(kept):
            if _is_broken(facts, before, entry):
                says = f"an entry names {entry.prev} as the one before it, at {node}"
                yield Violation("same history", says, (before, entry))
        if len(kept) > facts.plan.entries and not facts.plan.archive:
            says = f"{node} keeps {len(kept)} messages of {facts.room}; {facts.plan.entries} are allowed"
            yield Violation("same history", says, ())


def _is_broken(facts: Facts, before: Event, entry: Event) -> bool:
    """Return whether an entry does not name the one before it, and no entry between them may be missing."""
    here, prev = before.place, entry.prev
    if here is None or prev == here.offset:
        return False
    return not (facts.plan.leaves_gaps and prev is not None and prev > here.offset)


def order_of_sending(facts: Facts) -> Iterator[Violation]:
    """Check that the messages of one client are in the order in which it sent them."""
    places: dict[tuple[str, str], Place] = {
        (event.key, place.epoch): place for event, place in facts.places()
    }
    before: dict[tuple[str, str], Event] = {}
    for sent in facts.sent.values():
        for epoch in facts.epochs:
            place = places.get((sent.key, epoch))
            if place is None:
                continue
            last = before.get((sent.who, epoch))
            if last is not None and places[last.key, epoch] > place:
                witnesses = (facts.witness[places[last.key, epoch]], facts.witness[place])
                says = f"{sent.key} was sent later than {last.key}, but precedes it"
                yield Violation("order of sending", says, (last, sent, *witnesses))
            before[sent.who, epoch] = sent


def order_of_time(facts: Facts) -> Iterator[Violation]:
    """Check that a message sent after another was acknowledged follows that one."""
    places: dict[str, list[Place]] = defaultdict(list)
    for event, place in facts.places():
        places[event.key].append(place)
    furthest: dict[str, Event] = {}
    for event in facts.events:
        if event.what is What.STORED and event.place is not None:
            known = furthest.get(event.place.epoch)
            if known is None or (known.place and known.place < event.place):
                furthest[event.place.epoch] = event
        if event.what is What.SENDS:
            for place in places[event.key]:
                known = furthest.get(place.epoch)
                if known is not None and known.place and place <= known.place:
                    says = f"{event.key} precedes {known.key}, which was acknowledged before it was sent"
                    yield Violation("order of time", says, (known, event, facts.witness[place]))
                    break
