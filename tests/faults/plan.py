"""What is to happen in one run: who chats, what goes wrong, and when. Data, to be printed and replayed."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec
from typing_extensions import override


class Kind(StrEnum):
    """What can go wrong. What it means depends on its target: see `ALLOWED`."""

    KILL = "kill"  # SIGKILL, and started again
    STOP = "stop"  # SIGTERM, and started again: a node drains
    FREEZE = "freeze"  # SIGSTOP, then SIGCONT
    KICK = "kick"  # the broker ends all its connections
    FILL = "fill"  # the broker refuses writes, as if it were full
    CUT = "cut"  # all connections of a link end; new ones go through
    REFUSE = "refuse"  # the same, and no new one goes through
    FORGET = "forget"  # connections that are idle stay, and nothing passes on them any more; others do
    STALL = "stall"  # connections stay, and nothing passes
    DELAY = "delay"  # every piece is late by `amount` seconds
    THROTTLE = "throttle"  # `amount` bytes pass in a second
    DEAFEN = "deafen"  # the application doesn't read what its client has for it
    LEAVE = "leave"  # leaves its first room, and joins it again
    QUIT = "quit"  # the client is closed; a new one goes on from the last position that was read


class Lane(StrEnum):
    """What of a target goes wrong; there, one thing at a time does."""

    PROCESS = "process"
    LINK = "link"
    PERSON = "person"
    READER = "reader"


_LINK: Final = (Kind.CUT, Kind.REFUSE, Kind.FORGET, Kind.STALL, Kind.DELAY, Kind.THROTTLE)

BROKER: Final = "broker"
NODE: Final = "node"
CLIENT: Final = "client"

# A node's link is that to the broker, a client's is that to the nodes.
ALLOWED: Final = {
    (BROKER, Lane.PROCESS): (Kind.KILL, Kind.STOP, Kind.FREEZE, Kind.KICK, Kind.FILL),
    (NODE, Lane.PROCESS): (Kind.KILL, Kind.STOP, Kind.FREEZE),
    (NODE, Lane.LINK): _LINK,
    (CLIENT, Lane.LINK): _LINK,
    (CLIENT, Lane.PERSON): (Kind.LEAVE, Kind.QUIT),
    (CLIENT, Lane.READER): (Kind.DEAFEN,),
}

# Faults in which a process ends.
DEADLY: Final = frozenset({Kind.KILL, Kind.STOP})

# Faults that are over as soon as they began.
INSTANT: Final = frozenset({Kind.CUT, Kind.FORGET, Kind.KICK})


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that goes wrong: from `at`, in seconds since the start, for `lasts` seconds.

    Attributes:
        target: "broker", the name of a node ("node-0") or of a client ("p03").
        amount: what the kind says.
    """

    at: float
    kind: Kind
    target: str
    lasts: float = 0.0
    amount: float = 0.0

    @property
    def lane(self) -> Lane:
        """Tell which part of the target it is about."""
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
        pace: how many messages it sends in a second, all rooms together.
        stays: whether it's still there when the members are listed.
    """

    name: str
    rooms: tuple[str, ...]
    pace: float
    stays: bool = True


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        broker: "memory", "redis" or "nats".
        seconds: how long people talk and things go wrong; behind that everything is healed.
        entries: how many messages of each room the broker keeps.
        log: how many a node holds in memory.
        inbox: how many events a client holds for an application that doesn't read.
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
        """Name the nodes."""
        return tuple(f"{NODE}-{number}" for number in range(self.nodes))

    @property
    def rooms(self) -> tuple[str, ...]:
        """Name the rooms."""
        return tuple(sorted({room for person in self.people for room in person.rooms}))

    @property
    def forgets(self) -> bool:
        """Tell whether the history may begin anew: it's in a process that dies."""
        return self.broker == "memory" and any(fault.kind in DEADLY for fault in self.faults)

    def without(self, *gone: Fault) -> Plan:
        """Leave faults out."""
        return msgspec.structs.replace(
            self, faults=tuple(fault for fault in self.faults if fault not in gone)
        )

    def to_json(self) -> str:
        """Write it down."""
        return msgspec.json.format(msgspec.json.encode(self)).decode()


def from_json(text: str | bytes) -> Plan:
    """Read what `to_json` wrote.

    Raises:
        msgspec.ValidationError: it is no plan; the message says where.
    """
    return msgspec.json.decode(text, type=Plan)
