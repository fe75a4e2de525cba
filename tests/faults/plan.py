"""The plan of one run: the clients, and the faults with their times. Data, to be printed and replayed."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec
from typing_extensions import override


class Kind(StrEnum):
    """The kinds of faults. The meaning depends on the target: see `ALLOWED`."""

    KILL = "kill"  # SIGKILL, and restarted
    STOP = "stop"  # SIGTERM, and restarted: a node drains
    FREEZE = "freeze"  # SIGSTOP, then SIGCONT
    KICK = "kick"  # the broker closes all its connections
    FILL = "fill"  # the broker refuses writes, as if it were full
    CUT = "cut"  # all connections of a link are closed; new ones are accepted
    REFUSE = "refuse"  # the same, and no new one is accepted
    STALL = "stall"  # connections stay open, and nothing passes
    DELAY = "delay"  # every piece is delayed by `amount` seconds
    THROTTLE = "throttle"  # `amount` bytes pass in a second
    DEAFEN = "deafen"  # the application doesn't read its client's events
    LEAVE = "leave"  # leaves its first room, and joins it again
    QUIT = "quit"  # the client is closed; a new one resumes from the last position that was read


class Lane(StrEnum):
    """The part of a target that is affected; each lane has one fault at a time."""

    PROCESS = "process"
    LINK = "link"
    PERSON = "person"
    READER = "reader"


_LINK: Final = (Kind.CUT, Kind.REFUSE, Kind.STALL, Kind.DELAY, Kind.THROTTLE)

BROKER: Final = "broker"
NODE: Final = "node"
CLIENT: Final = "client"

# A node's link leads to the broker, a client's link to the nodes.
ALLOWED: Final = {
    (BROKER, Lane.PROCESS): (Kind.KILL, Kind.STOP, Kind.FREEZE, Kind.KICK, Kind.FILL),
    (NODE, Lane.PROCESS): (Kind.KILL, Kind.STOP, Kind.FREEZE),
    (NODE, Lane.LINK): _LINK,
    (CLIENT, Lane.LINK): _LINK,
    (CLIENT, Lane.PERSON): (Kind.LEAVE, Kind.QUIT),
    (CLIENT, Lane.READER): (Kind.DEAFEN,),
}

# Faults that end a process.
DEADLY: Final = frozenset({Kind.KILL, Kind.STOP})

# Faults without a duration.
INSTANT: Final = frozenset({Kind.CUT, Kind.KICK})


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: from `at`, in seconds since the start, for `lasts` seconds.

    Attributes:
        target: "broker", the name of a node ("node-0") or of a client ("p03").
        amount: a parameter of the kind.
    """

    at: float
    kind: Kind
    target: str
    lasts: float = 0.0
    amount: float = 0.0

    @property
    def lane(self) -> Lane:
        """Return the part of the target that is affected."""
        if self.kind in {Kind.LEAVE, Kind.QUIT}:
            return Lane.PERSON
        if self.kind is Kind.DEAFEN:
            return Lane.READER
        return Lane.LINK if self.kind in _LINK else Lane.PROCESS

    @override
    def __str__(self) -> str:
        amount = f" ({self.amount:g})" if self.amount else ""
        lasts = f" for {self.lasts:g} s" if self.lasts else ""
        return f"{self.at:g} s: {self.kind} {self.target}{amount}{lasts}"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One client.

    Attributes:
        pace: the number of messages it sends per second, in all rooms together.
        stays: whether it is still connected when the members are listed.
    """

    name: str
    rooms: tuple[str, ...]
    pace: float
    stays: bool = True


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        broker: "memory", "redis" or "nats".
        seconds: how long clients send and faults are injected; then everything is healed.
        entries: how many messages of each room the broker keeps.
        log: how many a node keeps in its log.
        inbox: how many events a client queues for an application that doesn't read.
    """

    seed: int
    broker: str
    nodes: int
    seconds: float
    entries: int
    log: int
    inbox: int
    people: tuple[Person, ...]
    faults: tuple[Fault, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the nodes."""
        return tuple(f"{NODE}-{number}" for number in range(self.nodes))

    @property
    def rooms(self) -> tuple[str, ...]:
        """The names of the rooms."""
        return tuple(sorted({room for person in self.people for room in person.rooms}))

    @property
    def forgets(self) -> bool:
        """Whether the history may start a new epoch: it is in a process that dies."""
        return self.broker == "memory" and any(fault.kind in DEADLY for fault in self.faults)

    def without(self, *gone: Fault) -> Plan:
        """Return the plan without some faults."""
        return msgspec.structs.replace(
            self, faults=tuple(fault for fault in self.faults if fault not in gone)
        )

    def to_json(self) -> str:
        """Return the plan as JSON."""
        return msgspec.json.format(msgspec.json.encode(self)).decode()


def from_json(text: str | bytes) -> Plan:
    """Read what `to_json` returned.

    Raises:
        msgspec.ValidationError: it is not a plan; the message says where.
    """
    return msgspec.json.decode(text, type=Plan)
