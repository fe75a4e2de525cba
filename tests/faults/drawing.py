"""From a seed to a plan. A seed first draws the kinds of faults of the run, then the faults.

So one run is all about pauses, the next about restarts and narrow links. A problem that needs few kinds of
faults would be rare if every run had all of them (Groce et al., "Swarm testing", ISSTA 2012).
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec

from tests.faults.plan import (
    ALLOWED,
    ARCHIVE,
    BROKER,
    CLIENT,
    INSTANT,
    NODE,
    Fault,
    Kind,
    Lane,
    Person,
    Plan,
)

# Average time between two faults of a lane, by its target (seconds).
_CALM: Final = {BROKER: 6.0, ARCHIVE: 6.0, NODE: 8.0, CLIENT: 16.0}
_WARM_UP: Final = 0.8
# Small bounds, so that they are reached.
_RETENTIONS: Final = (1000, 1000, 1000, 40, 15)
_LOGS: Final = (10, 2048)
_INBOXES: Final = (20, 1000)
_CROWDS: Final = (8, 16, 24)
# The worlds of a broker; an entry that is repeated is drawn more often.
_SERVERS: Final = {
    "memory": ("one",),
    "redis": ("one", "one", "one", "one", "cluster", "sentinel"),
    "nats": ("one", "one", "one", "cluster"),
}
_WORKERS: Final = (1, 1, 1, 2)
# The share of clients with the plain codec.
_PLAIN: Final = (0.0, 0.0, 0.3)
# Steps of a wall clock (seconds): a correction, a wrong time zone, and more than keys are known.
_STEPS: Final = (-3600.0, -5.0, 5.0, 3600.0)


def draw(
    seed: int, broker: str, *, seconds: float = 15.0, clients: int | None = None, other: str = ""
) -> Plan:
    """Draw the plan of a seed; with the other version of the service, if there is one."""
    chance = Random(f"{broker} {seed}")  # noqa: S311 (repeatable, not secret)
    calm = Plan(
        seed=seed,
        broker=broker,
        nodes=1 if broker == "memory" else chance.choice((2, 3)),
        seconds=seconds,
        entries=chance.choice(_RETENTIONS),
        log=chance.choice(_LOGS),
        inbox=chance.choice(_INBOXES),
        people=_people(chance, clients or chance.choice(_CROWDS)),
        workers=1 if broker == "memory" else chance.choice(_WORKERS),
        servers=chance.choice(_SERVERS[broker]),
        archive=chance.choice(("", "", "sqlite" if broker == "memory" else "postgres")),
        other=chance.choice(("", other)),
    )
    # A version before a migration refuses the archive (O11), so there is no way back.
    calm = msgspec.structs.replace(calm, other="" if calm.archive else calm.other)
    return msgspec.structs.replace(calm, faults=_faults(chance, calm))


def _people(chance: Random, count: int) -> tuple[Person, ...]:
    rooms = [f"room-{number}" for number in range(chance.choice((1, 2, 4)))]
    plain = chance.choice(_PLAIN)
    return tuple(_person(chance, number, rooms, plain) for number in range(count))


def _person(chance: Random, number: int, rooms: list[str], plain: float) -> Person:
    is_plain = number > 0 and chance.random() < plain
    return Person(
        name=f"{'q' if is_plain else 'p'}{number:02}",
        rooms=tuple(sorted(chance.sample(rooms, 1 if is_plain else chance.randint(1, len(rooms))))),
        pace=round(chance.choice((0.2, 1.0, 2.0)) * chance.uniform(0.5, 1.5), 2),
        stays=is_plain or chance.random() < 3 / 4,
        plain=is_plain,
    )


def _faults(chance: Random, plan: Plan) -> tuple[Fault, ...]:
    kinds = {lane: _some(chance, plan.possible(*lane)) for lane in ALLOWED}
    faults = [
        fault
        for whose, lane, target in _lanes(plan)
        for fault in _lane(chance, target, kinds[whose, lane], _CALM[whose], plan.seconds)
    ]
    return tuple(sorted(faults, key=lambda fault: fault.at))


def _some(chance: Random, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
    return tuple(kind for kind in kinds if chance.random() < 1 / 2)


def _lanes(plan: Plan) -> Iterator[tuple[str, Lane, str]]:
    """Yield all lanes; each has one fault at a time."""
    if plan.broker != "memory":
        yield BROKER, Lane.PROCESS, BROKER
    if plan.archive:
        yield ARCHIVE, Lane.PROCESS, ARCHIVE
    for node in plan.names:
        yield NODE, Lane.PROCESS, node
        yield NODE, Lane.CLOCK, node
        if plan.has_links:
            yield NODE, Lane.LINK, node
    for person in plan.people:
        yield CLIENT, Lane.LINK, person.name
        yield CLIENT, Lane.READER, person.name
        if not person.plain:
            yield CLIENT, Lane.PERSON, person.name


def _lane(
    chance: Random, target: str, kinds: tuple[Kind, ...], calm: float, seconds: float
) -> Iterator[Fault]:
    """Draw the consecutive faults of a lane; each ends before the clients stop sending."""
    now = _WARM_UP
    while kinds:
        now += chance.expovariate(1 / calm)
        kind = chance.choice(kinds)
        lasts = 0.0 if kind in INSTANT else round(_lasting(chance), 2)
        if now + lasts > seconds:
            return
        yield Fault(at=round(now, 2), kind=kind, target=target, lasts=lasts, amount=_amount(chance, kind))
        now += lasts


def _lasting(chance: Random) -> float:
    """Draw the duration of a fault: mostly shorter than any time limit, sometimes longer than most."""
    return chance.uniform(4, 8) if chance.random() < 1 / 8 else chance.uniform(0.1, 3)


def _amount(chance: Random, kind: Kind) -> float:
    if kind is Kind.DELAY:
        return round(chance.uniform(0.01, 0.5), 3)
    if kind is Kind.STEP:
        return chance.choice(_STEPS)
    if kind is Kind.DENY:
        return float(chance.randrange(8))
    return float(chance.choice((500, 5_000, 50_000))) if kind is Kind.THROTTLE else 0.0
