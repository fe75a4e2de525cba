"""A room that two servers of a broker have, and that nodes copy to an archive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from typing_extensions import override

from archive.base import Archive
from brokers.base import BrokerOptions, Entry, Page, Position, Retention
from brokers.errors import Unavailable
from brokers.memory import MemoryBroker
from hubbub_protocol.folding import ChangeKind
from service.archiving.copier import Copier
from service.runtime.metrics import Metrics
from service.settings.tuning import DEFAULTS
from service.wire.messages import ChangePayload, MessagePayload, encode_stored


def message(offset: int, prev: int, *, by: str = "") -> Entry:
    text = f"text{offset}{by}"
    payload = MessagePayload(key=text, user="Ann", user_id="g:1", kind="guest", text=text, at=offset)
    return Entry("room", "e", prev, offset, encode_stored(payload))


def chain(*offsets: int, after: int = 0, by: str = "") -> list[Entry]:
    prevs = [after, *offsets]
    return [message(offset, prev, by=by) for prev, offset in zip(prevs, offsets, strict=False)]


def edit(offset: int, prev: int, target: int, text: str) -> Entry:
    change = ChangePayload(ChangeKind.EDIT, target, f"edit {offset}", "Ann", "g:1", "guest", offset, text)
    return Entry("room", "e", prev, offset, encode_stored(change))


class Server(MemoryBroker):
    """A broker that is one server after another: `entries` are what the one has that this node reads."""

    def __init__(self) -> None:
        super().__init__(BrokerOptions(timeout=0, retention=Retention(entries=100)))
        self.entries: Sequence[Entry] = ()
        self.confirms = True

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        return dict.fromkeys(rooms, Position("e", self.entries[-1].offset))

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        head = Position("e", self.entries[-1].offset)
        if after is not None:
            found = [entry for entry in self.entries if entry.offset > after]
            return Page(tuple(found[:limit]), head, trimmed=False, more=len(found) > limit)
        found = [entry for entry in self.entries if before is None or entry.offset < before]
        return Page(tuple(found[-limit:]), head, trimmed=False, more=len(found) > limit)

    @override
    async def confirm(self, room: str) -> None:
        if not self.confirms:
            raise Unavailable("0 of 1 required replicas")


class Memory:
    """What a node has in memory of the room."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self.entries = entries

    def names(self) -> Sequence[str]:
        return ()

    def position(self, _: str) -> Position | None:
        return Position("e", self.entries[-1].offset) if self.entries else None

    def entries_after(self, _: str, position: Position, limit: int) -> Sequence[Entry] | None:
        found = [entry for entry in self.entries if entry.offset > position.offset]
        return found[:limit] if self.entries else None


class World:
    """A broker, an archive, and nodes that copy."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.tuning = replace(DEFAULTS, archive_longest_wait=0.0)
        self.server = Server()
        self.metrics = Metrics()

    def node(self, memory: Sequence[Entry] = ()) -> Copier:
        copier = Copier(self.server, self.archive, self.tuning)
        copier.use(self.metrics, Memory(memory))
        copier.mark("room", 0)
        return copier

    async def copy(self, *, turns: int = 2) -> None:
        """Let a new node copy what the broker has now."""
        node = self.node()
        for _ in range(turns):
            await node.turn()

    async def archived(self) -> list[tuple[int, bytes]]:
        entries = (await self.archive.page("room", "e", after=0, limit=1000)).entries
        return [(entry.offset, entry.payload) for entry in entries]


def stored(entries: Sequence[Entry]) -> list[tuple[int, bytes]]:
    return [(entry.offset, entry.payload) for entry in entries]
