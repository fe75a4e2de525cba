"""What must be true of a client with the plain codec: while it is connected, every message once, in order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tests.faults.facts import Facts, Violation
from tests.faults.history import Event, Place, What


def texts(facts: Facts) -> Iterator[Violation]:
    """Check what each connection received; its first message may be any."""
    places = {
        (event.key, event.note): place for event, place in facts.places() if event.what is not What.STORED
    }
    for heard in facts.heard.values():
        known: list[tuple[Event, Place]] = []
        for event in heard:
            sent = facts.sent.get(event.key)
            place = places.get((event.key, event.note))
            if sent is None or sent.note != event.note:
                yield Violation("authentic", f"{event.who} receives a text that was not sent", (event,))
            if place is not None:
                known.append((event, place))
        for (before, here), (event, there) in pairwise(known):
            yield from _follows(facts, before, here, event, there)


def _follows(facts: Facts, before: Event, here: Place, event: Event, there: Place) -> Iterator[Violation]:
    if here.epoch != there.epoch:
        yield Violation("gap reported", f"{event.who} stays connected between two epochs", (before, event))
    elif there.offset <= here.offset:
        yield Violation("in order", f"{event.who} receives a text after a later one", (before, event))
    elif missed := facts.between(here.epoch, here.offset, there.offset):
        says = f"{event.who} stays connected, and misses {missed[0].key}"
        yield Violation("complete", says, (before, missed[0], event))
