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
    WORKER = "worker"  # SIGKILL of one worker process of a node
    VERSION = "version"  # a node drains, and runs the other version of the service for a while
    STEP = "step"  # a node's wall clock is `amount` seconds off
    KICK = "kick"  # the broker closes all its connections
    FILL = "fill"  # the broker, or the archive, refuses writes, as if it were full
    DENY = "deny"  # the broker refuses one command that writes
    READONLY = "readonly"  # the broker is a replica, without its primary
    CUT = "cut"  # all connections of a link are closed; new ones are accepted
    REFUSE = "refuse"  # the same, and no new one is accepted
    FORGET = "forget"  # idle connections stay open, and nothing passes on them any more
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
    CLOCK = "clock"
    PERSON = "person"
    READER = "reader"


_LINK: Final = (Kind.CUT, Kind.REFUSE, Kind.FORGET, Kind.STALL, Kind.DELAY, Kind.THROTTLE)

BROKER: Final = "broker"
NODE: Final = "node"
CLIENT: Final = "client"
ARCHIVE: Final = "archive"

# A node's link leads to the broker, a client's link to the nodes.
ALLOWED: Final[dict[tuple[str, Lane], tuple[Kind, ...]]] = {
    (BROKER, Lane.PROCESS): (
        Kind.KILL,
        Kind.STOP,
        Kind.FREEZE,
        Kind.KICK,
        Kind.FILL,
        Kind.DENY,
        Kind.READONLY,
    ),
    (NODE, Lane.PROCESS): (Kind.KILL, Kind.STOP, Kind.FREEZE, Kind.WORKER, Kind.VERSION),
    (NODE, Lane.LINK): _LINK,
    (NODE, Lane.CLOCK): (Kind.STEP,),
    (ARCHIVE, Lane.PROCESS): (Kind.KILL, Kind.STOP, Kind.FREEZE, Kind.FILL),
    (CLIENT, Lane.LINK): _LINK,
    (CLIENT, Lane.PERSON): (Kind.LEAVE, Kind.QUIT),
    (CLIENT, Lane.READER): (Kind.DEAFEN,),
}

# Faults that end a process.
DEADLY: Final = frozenset({Kind.KILL, Kind.STOP})

# Faults without a duration.
INSTANT: Final = frozenset({Kind.CUT, Kind.FORGET, Kind.KICK, Kind.WORKER})


# More messages than a run has, and more than a room has in a run.
_EVERYTHING: Final = 1_000_000
NEVER_TRIMMED: Final = 1000


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: from `at`, in seconds since the start, for `lasts` seconds.

    Attributes:
        target: "broker", "archive", the name of a node ("node-0") or of a client ("p03").
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
        if self.kind is Kind.STEP:
            return Lane.CLOCK
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
        plain: whether it uses the plain codec; then it is in one room, from the start to the end.
    """

    name: str
    rooms: tuple[str, ...]
    pace: float
    stays: bool = True
    plain: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        broker: "memory", "redis" or "nats".
        seconds: how long clients send and faults are injected; then everything is healed.
        entries: how many messages of each room the broker keeps.
        log: how many a node keeps in its log.
        inbox: how many events a client queues for an application that doesn't read.
        workers: the number of processes of a node.
        servers: how the broker's servers are set up: "one", "cluster" or "sentinel".
        archive: "", "sqlite" (with memory) or "postgres" (with the others).
        other: the other version of the service: a commit, a tag, or "" for none.
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
    workers: int = 1
    servers: str = "one"
    archive: str = ""
    other: str = ""

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
        dies = any(
            fault.kind in DEADLY or fault.kind is Kind.VERSION
            for fault in self.faults
            if fault.target.startswith(NODE)
        )
        return self.broker == "memory" and not self.archive and dies

    @property
    def retains(self) -> int:
        """How many messages of a room clients find at least: what the broker keeps, or everything."""
        return _EVERYTHING if self.archive == "sqlite" else self.entries

    @property
    def specials(self) -> list[str]:
        """Return what is special about this world, in words."""
        words = {
            f"{self.workers} workers": self.workers > 1,
            self.servers: self.servers != "one",
            self.archive: bool(self.archive),
            f"and {self.other}": bool(self.other),
            f"{len(self.plain)} plain": bool(self.plain),
        }
        return [word for word, holds in words.items() if holds]

    @property
    def has_links(self) -> bool:
        """Whether wires lead from the nodes to the broker: its servers must not announce each other."""
        return self.broker != "memory" and (self.servers == "one" or self.broker == "nats")

    @property
    def fails_over(self) -> bool:
        """Whether a replica may become the primary that lacks what was delivered and not acknowledged."""
        return self.broker == "redis" and self.servers != "one"

    @property
    def leaves_gaps(self) -> bool:
        """Whether the broker may trim what is not copied yet: then the archive has a gap, as G10 allows."""
        return self.archive == "postgres" and self.entries < NEVER_TRIMMED

    @property
    def plain(self) -> frozenset[str]:
        """The clients that use the plain codec."""
        return frozenset(person.name for person in self.people if person.plain)

    def possible(self, whose: str, lane: Lane) -> tuple[Kind, ...]:
        """Return the kinds of faults that this world can have in a lane."""
        return tuple(kind for kind in ALLOWED[whose, lane] if self._can(whose, kind))

    def _can(self, whose: str, kind: Kind) -> bool:
        match kind:
            case Kind.WORKER:
                return self.workers > 1
            case Kind.VERSION:
                return bool(self.other)
            case Kind.STEP:
                return self.workers == 1 and not self.other
            case Kind.FILL:
                return whose == ARCHIVE or self.servers == "one"
            case Kind.DENY | Kind.READONLY:
                return self.servers == "one" and self.broker == "redis"
            case _:
                return whose != ARCHIVE or self.archive == "postgres"

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
