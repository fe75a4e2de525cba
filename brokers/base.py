"""The broker contract: what joins the nodes of a hubbub, in numbered promises.

A broker stores the entries of rooms in one order, hands every new entry to every node that subscribed, and
gives back what a node missed. It knows rooms, payloads and positions; it knows no sockets, no JSON and no
users.

What every broker promises. Each number has tests in `brokers/testing/`, run on every broker with two nodes on
one backbone:

 P1  ready      After `start` returned, every method works. `start` raises `Unavailable` if the backbone can't
                be reached.
 P2  stored     When the future of `publish` has a result, the entry is in the room's history, at the returned
                position.
 P3  one order  Offsets grow strictly within an epoch, and all nodes see the same entries in the same order.
                Offsets need not be contiguous; `prev` names the offset of the entry before it in the room (0:
                none).
 P4  call order Publishes called one after another on one node are stored in that order, also without awaiting
                them.
 P5  once       The same `key` in the same room within the key window is stored once; later calls get the
                first position and `duplicate=True`, also if the first call's answer was lost or its entry was
                trimmed. Keys of other rooms are others.
 P6  no gap     When `subscribe` returns, every entry after the returned head is delivered to this node.
 P7  quiet      After `unsubscribe` returned, nothing of the room is delivered. `subscribe` and `unsubscribe`
                are idempotent.
 P8  history    `history` pages through all that is kept, in order, after or before an offset, and says
                whether what was asked for had been trimmed (`trimmed`) and whether there is more to read
                (`more`).
 P9  bounded    A room keeps at most what `Retention` says. The head stays known after everything was trimmed.
                A payload that alone is larger than `Retention.size` is refused, for it could never be kept.
 P10 heads      `heads` tells the positions of many rooms in one round trip; an unknown room has offset 0.
 P11 signals    `emit` reaches every subscribed node at most once, this one included, and is stored nowhere.
 P12 names      Any text that UTF-8 can hold is a room name, also the empty one: none is a pattern, none
                reaches another room's entries, keys or signals.
 P13 bytes      Payloads come back as they were given: empty, large, not UTF-8.
 P14 recovery   After the backbone was away the broker reconnects by itself, with backoff and jitter,
                subscribes again to all rooms, and only then calls `restored`. Entries may have been missed:
                the node compares `heads`.
 P15 honest     While the backbone is away nothing is acknowledged that isn't stored: what needs the backbone
                raises `Unavailable`, and no call waits longer than its time limit. `emit` loses its signal in
                silence; `unsubscribe` and `close` need no backbone.
 P16 probe      `probe` returns when a message went round through the backbone by the way that entries go.
 P17 closed     After `close` returned nothing is called back any more, no task is left, and every method but
                `close` and `stats` raises `Closed`, as it does before `start`. A closed broker can't be
                started again.

What is not promised: that an entry is delivered only once or without gaps. After a loss of the connection
entries can be missing, repeated or late. `Entry.prev` makes that visible, and the node repairs it
(`service/rooms/feed.py`).
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Protocol

from msgspec import Struct


class Position(NamedTuple):
    """A place in a room's order.

    `offset` 0 stands before the first entry; offsets of two epochs can't be compared.
    """

    epoch: str
    offset: int


class Entry(Struct, frozen=True, gc=False):
    """One stored entry of a room, as it is delivered and as history returns it.

    A node keeps very many of them, and they refer to nothing that could refer to them: so the garbage
    collector needn't know of them (`gc=False`).
    """

    room: str
    epoch: str
    prev: int
    offset: int
    payload: bytes


class Receipt(NamedTuple):
    """Where a published entry is stored, and whether it had been stored before under the same key."""

    epoch: str
    offset: int
    duplicate: bool


class Page(NamedTuple):
    """A run of entries, oldest first.

    `head` is the room's last position when the page was read. `trimmed`: entries between the asked-for offset
    and the first of the page are no longer kept (only for pages `after` an offset). `more`: another page in
    the same direction is not empty.
    """

    entries: tuple[Entry, ...]
    head: Position
    trimmed: bool
    more: bool


class Listener(Protocol):
    """What a node hands to its broker. Called synchronously on the loop; must neither block nor raise."""

    def deliver(self, entry: Entry) -> None:
        """Take an entry of a subscribed room."""

    def signal(self, room: str, payload: bytes) -> None:
        """Take a signal of a subscribed room."""

    def lost(self, reason: str) -> None:
        """Learn that the backbone is out of reach; entries may be missed from now on."""

    def restored(self) -> None:
        """Learn that the backbone is back and all rooms are subscribed again: compare `heads` now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How much of each room is kept. The tightest bound wins.

    Attributes:
        entries: entries of one room.
        size: payload bytes of one room, summed.
        age: seconds since an entry was stored; 0 keeps entries for ever.
        total: bytes of all rooms together, as they are stored; beyond it the oldest entries go, of whatever
            room. Only NATS keeps it, where a room alone has no bound in bytes.
        rooms: rooms with history; beyond it the one that was quiet longest, of those that no node subscribed
            to, is forgotten with its keys. Should it come back, it begins a new epoch.
    """

    entries: int = 1_000
    size: int = 4 * 1024 * 1024
    age: float = 7 * 24 * 3600.0
    total: int = 1024 * 1024 * 1024
    rooms: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a broker is made from. `url` is the backbone's address, if it has one; times are in seconds."""

    url: str = ""
    retention: Retention = field(default_factory=Retention)
    key_window: float = 300.0
    timeout: float = 5.0
    prefix: str = "hubbub"


def check_paging(*, after: int | None, before: int | None, limit: int) -> None:
    """Refuse what `history` can't answer, in the same words on every broker."""
    if after is not None and before is not None:
        raise ValueError("give `after` or `before`, not both")
    if min(after or 0, before or 0) < 0:
        raise ValueError("offsets are not negative")
    if limit < 1:
        raise ValueError(f"a page holds at least 1 entry, not {limit}")


class Broker(ABC):
    """One node's end of what joins the nodes. The promises P1-P17 stand in the module's docstring.

    `shared` tells whether nodes of several processes can meet on one backbone. A broker whose backbone lives
    in its process leaves it at `False`, and a node with it refuses to be more than one process.
    """

    shared: ClassVar[bool] = False

    def __init__(self, options: Options) -> None:
        self.options = options

    @abstractmethod
    async def start(self, listener: Listener) -> None:
        """Connect, and call `listener` back from now on (P1).

        Raises:
            Unavailable: the backbone can't be reached within `options.timeout`.
            Misconfigured: it can be reached but can't serve us; the message says what to change.
        """

    @abstractmethod
    async def close(self) -> None:
        """Disconnect and end all tasks (P17). Idempotent; publishes under way are finished or fail."""

    @abstractmethod
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        """Store an entry once (P2-P5) and deliver it to all nodes that subscribed.

        A plain method that returns a future, so that calls keep their order without a task for each (P4), and
        a broker that knows the answer at once hands back a future that is done. It never raises by itself.

        Raises (through the future):
            Unavailable: not stored, or not known to be: try again with the same key (P15).
            Refused: the backbone will never take this payload; the message says why.
            Closed: the broker was closed.
        """

    @abstractmethod
    async def subscribe(self, room: str) -> Position:
        """Deliver the room's entries and signals from now on; behind the returned head none is missed (P6).

        Raises:
            Unavailable: not subscribed.
        """

    @abstractmethod
    async def unsubscribe(self, room: str) -> None:
        """Deliver nothing of the room any more (P7)."""

    @abstractmethod
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        """Read up to `limit` entries, oldest first (P8).

        `after`: the first ones behind that offset. `before`: the last ones ahead of that offset. Neither: the
        last ones of the room. At most one of the two is given, and `limit` is at least 1.

        Raises:
            ValueError: it is asked for otherwise.
        """

    @abstractmethod
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        """Tell the position of each room's last entry, in one round trip (P10)."""

    @abstractmethod
    def emit(self, room: str, payload: bytes) -> None:
        """Send a signal to all nodes that subscribed: at most once, stored nowhere, lost in silence (P11)."""

    @abstractmethod
    async def probe(self) -> None:
        """Send a message round through the backbone (P16).

        Raises:
            Unavailable: it didn't come back in time.
        """

    def stats(self) -> Mapping[str, float]:
        """Tell gauges for the metrics: a short name in snake_case to a number. None by default."""
        return {}
