"""The broker contract, in numbered promises: what connects the nodes of one installation.

A broker stores the entries of rooms in one order, delivers every new entry to every subscribed node, and
returns history, so that a node can read what it missed. It knows rooms, payloads and positions. It knows no
websockets, no JSON and no users. The *backbone* is what a broker connects to: a server, a file, an object.

Each promise has tests in `brokers/testing/`, which run on every broker with two nodes on one backbone:

 P1  ready      After `start` has returned, every method works. `start` raises `Unavailable` if the backbone
                can't be reached, and may then be called again.
 P2  stored     When the future of `publish` has a result, the entry is in the room's history, at the returned
                position.
 P3  one order  Offsets grow strictly within an epoch, and all nodes receive the same entries in the same
                order. Offsets may skip numbers; `prev` is the offset of the previous entry in the room (0:
                none).
 P4  call order Publishes are stored in the order of the calls on one node, also if they are not awaited.
 P5  once       Publishes are deduplicated by their idempotency key: within the key window the same `key` in
                the same room is stored once. Later calls return the first position and `duplicate=True`, also
                if the first reply was lost or the entry has been trimmed. Keys of different rooms are
                independent.
 P6  no gap     When `subscribe` returns, every entry after the returned head is delivered to this node. A
                room without entries has offset 0, and either the epoch of its first entry or the epoch
                `UNWRITTEN`, which the first entry replaces.
 P7  quiet      After `unsubscribe` has returned, nothing of the room is delivered. `subscribe` and
                `unsubscribe` are idempotent.
 P8  history    `history` returns all stored entries in pages, in order, after or before an offset. It reports
                whether requested entries have been trimmed (`trimmed`) and whether there are more (`more`).
 P9  bounded    A room stores at most what `Retention` allows. The head stays known after all entries have
                been trimmed, as long as its place is not needed. A payload larger than `Retention.size` is
                refused. A room exists from its first entry on: subscribing and reading store nothing. No room
                loses an entry to make place for another room, unless it has more than its share of
                `Retention.total`. The first entry of a further room is refused (`TooManyRooms`), and so are
                entries that do not fit into the total (`WritesRefused`).
 P10 heads      `heads` returns the positions of many rooms in one round trip; an unknown room has offset 0.
 P11 signals    `emit` reaches every subscribed node at most once, including this one, and is not stored.
 P12 names      Any text that can be encoded as UTF-8 is a room name, also the empty one. No name is a pattern
                or reaches another room's entries, keys or signals.
 P13 bytes      Payloads are returned unchanged: empty, large, not UTF-8.
 P14 recovery   After an outage the broker reconnects with exponential backoff and jitter, subscribes again to
                all rooms, and only then calls `restored`. Entries may have been missed: the node compares
                `heads`.
 P15 honest     During an outage nothing is acknowledged that is not stored. Calls that need the backbone
                raise `Unavailable`, and no call takes longer than its time limit. `emit` drops its signal
                silently; `unsubscribe` and `close` need no backbone. A backbone that can be reached but
                refuses writes is reported: `publish` and `probe` raise `WritesRefused`, which names the
                refusal, and the stat `writable` is 0. All other methods work, also `start`; afterwards
                `writable` is 1 again without a restart.
 P16 probe      `probe` returns when a message has passed through the backbone on the path of entries.
 P17 closed     After `close` has returned, the listener is not called any more and no task is left. Every
                method but `close` and `stats` raises `BrokerClosed`, as it does before `start`. A closed
                broker can't be started again.
 P18 erase      When `erase` has returned, the payloads of these entries are in no page, and in no storage
                that the broker reads. The chain stays whole: an erased entry is returned with the payload
                that was given instead, or it is left out, and `prev` names the entry before it. After an
                offset that was left out, the first entry names that offset. Left out at the beginning of
                what is stored, entries count as trimmed. The last entry of a room stays, because its offset
                is the head. Keys and positions of all other entries stay as they were.
 P19 begin      Where `begins_rooms`, a room without entries continues after the position that was given to
                `begin`: that is its head, and the `prev` of its first entry, which has the same epoch. A room
                with entries stays as it is, and so does every room of another broker.
 P20 confirm    `confirm` returns when the backbone could acknowledge an entry of a room now. A server that
                was replaced by another one can't, as far as `publish` waits for more than that server.

Not promised: exactly-once or gapless delivery. After a lost connection, entries can be missing, redelivered
or late. `Entry.prev` reveals that, and the service repairs it: it drops redelivered entries and reads missing
ones from `history`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple, Protocol

from msgspec import Struct

from brokers.paging import check_paging as check_paging  # noqa: PLC0414  for brokers: a part of this module

UNWRITTEN: Final = "unwritten"
"""The epoch of a room without entries, on a broker that learns the epoch from the first entry."""


class Position(NamedTuple):
    """A place in a room's order.

    `offset` 0 is before the first entry. Offsets of different epochs can't be compared.
    """

    epoch: str
    offset: int


class Entry(Struct, frozen=True, gc=False):
    """A stored entry of a room, as delivered and as returned by history.

    A node keeps very many entries, and an entry refers to no container: so the garbage collector skips them
    (`gc=False`).
    """

    room: str
    epoch: str
    prev: int
    offset: int
    payload: bytes


class Receipt(NamedTuple):
    """The position of a published entry, and whether it was already stored under the same key."""

    epoch: str
    offset: int
    duplicate: bool


class Page(NamedTuple):
    """A run of entries, oldest first.

    `head` is the room's last position when the page was read. `trimmed`: entries between the requested offset
    and the first of the page are no longer stored (only for pages `after` an offset). `more`: the next page
    in the same direction is not empty.
    """

    entries: tuple[Entry, ...]
    head: Position
    trimmed: bool
    more: bool


class Listener(Protocol):
    """Receives what a broker delivers. Called synchronously on the loop; must neither block nor raise."""

    def deliver(self, entry: Entry) -> None:
        """Handle an entry of a subscribed room."""

    def signal(self, room: str, payload: bytes) -> None:
        """Handle a signal of a subscribed room."""

    def lost(self, reason: str) -> None:
        """Handle the loss of the backbone: entries may be missed from now on."""

    def restored(self) -> None:
        """Handle recovery: all rooms are subscribed again, so compare `heads` now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How much history of each room is stored. The tightest limit applies.

    Attributes:
        entries: entries of one room.
        size: payload bytes of one room, in total.
        age: seconds since an entry was stored; 0 keeps entries for ever.
        total: stored bytes of all rooms together. Beyond it NATS refuses entries, and memory trims rooms that
            have more than their share (`total` divided by the number of rooms).
        rooms: rooms with history; beyond it the first entry of a new room is refused. A room whose entries
            have all expired, and that has no subscribers, is evicted if its place is needed. If it is used
            again, it starts a new epoch.
    """

    entries: int = 1_000
    size: int = 4 * 1024 * 1024
    age: float = 7 * 24 * 3600.0
    total: int = 1024 * 1024 * 1024
    rooms: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """Options of a broker; times are in seconds.

    Attributes:
        url: the address of the backbone, if it has one.
        user, password: who this node is to the backbone, instead of user and password in the URL. They are
            taken as they are: no character has a meaning.
        token: the same, of a backbone that takes a token.
    """

    url: str = field(default="", repr=False)  # it may hold a password
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    retention: Retention = field(default_factory=Retention)
    key_window: float = 300.0
    timeout: float = 5.0
    prefix: str = "hubbub"


class Broker(ABC):
    """One node's end of the backbone. The promises P1-P20 are in the module's docstring.

    `shared` is whether nodes of several processes can share one backbone. A broker whose backbone is in
    its process leaves it at `False`; a node with such a broker refuses to run several processes.
    `begins_rooms` is whether `begin` works.
    """

    shared: ClassVar[bool] = False
    begins_rooms: ClassVar[bool] = False

    def __init__(self, options: BrokerOptions) -> None:
        self.options = options

    @abstractmethod
    async def start(self, listener: Listener) -> None:
        """Connect, and call `listener` from now on (P1).

        Raises:
            Unavailable: the backbone can't be reached within `options.timeout`.
            Misconfigured: it can't serve hubbub as it is configured; the message says what to change.
        """

    @abstractmethod
    async def close(self) -> None:
        """Disconnect and end all tasks (P17). Idempotent; pending publishes succeed or fail."""

    @abstractmethod
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        """Store an entry once (P2-P5) and deliver it to all subscribed nodes.

        This method is not async, so that calls keep their order without a task for each (P4), and a broker
        that knows the result at once returns a future that is done. It never raises directly.

        Raises (through the future):
            Unavailable: not stored, or unknown whether stored: retry with the same key (P15).
            WritesRefused: the backbone refuses writes; a kind of `Unavailable`.
            BrokerRefused: the backbone will never accept this payload; the message says why.
            TooManyRooms: it would be the first entry of a room, and no room can be added (P9).
            BrokerClosed: the broker was closed.
        """

    @abstractmethod
    async def subscribe(self, room: str) -> Position:
        """Deliver the room from now on; no entry after the returned head is missed (P6).

        Raises:
            Unavailable: not subscribed.
        """

    @abstractmethod
    async def unsubscribe(self, room: str) -> None:
        """Stop delivering the room (P7)."""

    @abstractmethod
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        """Read up to `limit` entries, oldest first (P8).

        `after`: the first entries after that offset. `before`: the last entries before that offset. Neither:
        the last entries of the room. At most one of the two is given, and `limit` is at least 1.

        Raises:
            ValueError: the arguments are invalid.
        """

    @abstractmethod
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        """Return the position of each room's last entry, in one round trip (P10)."""

    @abstractmethod
    async def erase(self, room: str, offsets: Sequence[int], payload: bytes) -> None:
        """Remove the payloads of entries for good (P18). Offsets without an entry are ignored. Idempotent.

        `payload` stands for each of them where the broker keeps their places.

        Raises:
            Unavailable: some may not be erased: call it again.
        """

    @abstractmethod
    def emit(self, room: str, payload: bytes) -> None:
        """Send a signal to all subscribed nodes, at most once; it is not stored (P11)."""

    @abstractmethod
    async def probe(self) -> None:
        """Send a message through the backbone and receive it (P16).

        Raises:
            Unavailable: it did not arrive in time.
            WritesRefused: nothing could be stored; the message names the refusal.
        """

    async def confirm(self, room: str) -> None:  # noqa: ARG002  for brokers with several servers
        """Find out whether an entry of a room could be acknowledged now (P20): then reads are up to date.

        Raises:
            Unavailable: it could not, or not in time.
        """
        await self.probe()

    async def begin(self, room: str, position: Position) -> Position:  # noqa: ARG002  for brokers that can
        """Let a room without entries continue after a position, as after an import; return its head (P19)."""
        return (await self.heads([room]))[room]

    def stats(self) -> Mapping[str, float]:
        """Return gauges for the metrics, by short names in snake_case. None by default."""
        return {}
