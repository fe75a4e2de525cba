"""One room of the durable hub: its log in memory, and what waits for the journal."""

from __future__ import annotations

import asyncio
from enum import Enum, auto

from brokers.base import Entry, Page, Position, Receipt, Retention
from brokers.calls import Audience
from brokers.durable.journal import StoredKey
from brokers.errors import BrokerError
from brokers.memory_log import ENTRY_BYTES, KEY_BYTES, MemoryLog, StoredBytes, _Kept, _Seen


class Publish:
    """One `publish` under way, and the later ones with the same key, which get its answer.

    Attributes:
        entry: what is being stored, once its position is known.
        at: when it was put into a commit (ms since 1970).
    """

    __slots__ = ("answer", "at", "deadline", "entry", "followers", "key", "payload", "room")

    def __init__(
        self, room: DurableRoom, payload: bytes, key: str, answer: asyncio.Future[Receipt], deadline: float
    ) -> None:
        self.room = room
        self.payload = payload
        self.key = key
        self.answer = answer
        self.deadline = deadline
        self.followers: list[Publish] = []
        self.entry: Entry | None = None
        self.at = 0

    def settle(self, receipt: Receipt) -> None:
        """Answer with where the entry is stored."""
        if not self.answer.done():
            self.answer.set_result(receipt)

    def refuse(self, error: BrokerError) -> None:
        """Answer with an error."""
        if not self.answer.done():
            self.answer.set_exception(error)


class ResumedLog(MemoryLog):
    """A log that begins after a position, with the keys of the entries before it.

    The journal has those entries: `covers` returns only pages that are whole without it.
    """

    __slots__ = ()

    def resume(self, offset: int, keys: tuple[StoredKey, ...], now: float, wall: float) -> None:
        """Continue after an offset. `now` is the log's clock, `wall` the same time in seconds since 1970."""
        self.offset = offset
        for key, stored, at in keys:
            seen = self._keys[key] = _Seen(min(now, now - (wall - at / 1000)), key, stored)
            self._seen.append(seen)
        self._stored.total += KEY_BYTES * len(keys)

    def store(self, entry: Entry, key: str, now: float) -> None:
        """Take an entry that the journal has stored."""
        self.offset = entry.offset
        self._entries.append(_Kept(now, entry))
        self.size += len(entry.payload)
        self._stored.total += len(entry.payload) + ENTRY_BYTES + KEY_BYTES
        seen = self._keys[key] = _Seen(now, key, entry.offset)
        self._seen.append(seen)
        self.trim(now)

    def covers(self, *, after: int | None, before: int | None, limit: int, now: float) -> Page | None:
        """Read a page if all of it is in memory."""
        page = self.page(after=after, before=before, limit=limit, now=now)
        if after is not None:
            return None if page.trimmed else page
        first = self.offset - len(self) + 1
        is_whole = first == 1 or (len(page.entries) == limit and page.entries[0].offset > first)
        return page if is_whole else None


class State(Enum):
    """How much of a room is known."""

    UNKNOWN = auto()  # nothing was read yet, or a commit failed: the journal decides what is stored
    LOADING = auto()
    LOADED = auto()


class DurableRoom(Audience):
    """A room on the hub.

    Attributes:
        log: what is stored, as far as it is in memory; to be read only when the room is loaded.
        holds: publishes under way.
        tail: the last offset that is stored or in the commit under way.
        pending: publishes of the commit under way, by key.
        waiting: publishes that wait until the room is loaded, in order.
        loading: the task that loads the room; it returns why it could not.
    """

    __slots__ = ("holds", "loading", "log", "name", "pending", "state", "tail", "waiting")

    def __init__(self, name: str, retention: Retention, key_window: float, stored: StoredBytes) -> None:
        super().__init__()
        self.name = name
        self.log = ResumedLog(name, "", retention, key_window, stored)
        self.state = State.UNKNOWN
        self.tail = 0
        self.holds = 0
        self.pending: dict[str, Publish] = {}
        self.waiting: list[Publish] = []
        self.loading: asyncio.Task[BrokerError | None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing needs the room in memory."""
        return not (self.listeners or self.holds or self.loading)

    @property
    def head(self) -> Position:
        """The last position that is stored."""
        return self.log.head
