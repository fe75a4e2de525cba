"""A node's end of a SQLite file, at which it looks again and again."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from typing_extensions import override

from brokers.base import Broker, Entry, Listener, Options, Page, Position, Receipt, check_paging
from brokers.errors import BrokerClosed, BrokerError, Misconfigured, Unavailable
from hubbub_sqlite.store import AT_ONCE, Row, Store
from hubbub_sqlite.turns import Turns

PAUSE: Final = 0.02  # seconds between two looks at the log
LONGEST_PAUSE: Final = 1.0  # while the file is out of reach


class SqliteBroker(Broker):
    """A node whose backbone is a file, given as `sqlite:///path/to/chat.db`."""

    shared = True

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        url = urlsplit(options.url)
        if url.scheme != "sqlite" or url.netloc or not url.path:
            raise Misconfigured("HUBBUB_BROKER_URL must name a file: sqlite:///path/to/chat.db")
        self._store = Store(Path(unquote(url.path)), options)
        self._turns = Turns(options.timeout)
        self._listener: Listener | None = None
        self._watching: asyncio.Task[None] | None = None
        self._closed = self._lost = False
        self._epoch = ""
        self._rooms: dict[str, int | None] = {}  # to the head that `subscribe` returned; None until it does
        self._probes: dict[bytes, asyncio.Event] = {}
        self._news = asyncio.Event()

    @override
    async def start(self, listener: Listener) -> None:
        if self._closed:
            raise BrokerClosed("a closed broker can't be started again")
        self._epoch, _ = await self._turns.take(self._store.news)
        self._listener = listener
        self._watching = asyncio.create_task(self._watch(listener), name="sqlite")

    @override
    async def close(self) -> None:
        if self._closed:
            return
        self._listener, self._closed = None, True
        self._turns.close(self._store.close)
        if self._watching:
            self._watching.cancel()
            await asyncio.wait([self._watching])

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        try:
            self._started()
        except BrokerClosed as closed:
            refused: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
            refused.set_exception(closed)
            return refused
        return self._turns.take(lambda: self._store.publish(room, payload, key), lambda _: self._news.set())

    @override
    async def subscribe(self, room: str) -> Position:
        def note(heads: dict[str, Position]) -> None:
            if self._rooms.get(room, 0) is None:
                self._rooms[room] = heads[room].offset

        self._started()
        self._rooms.setdefault(room, None)
        # The head is noted in its turn: all news that follow it are delivered, and none that it holds (P6).
        return (await self._turns.take(lambda: self._store.heads([room]), note))[room]

    @override
    async def unsubscribe(self, room: str) -> None:
        self._started()
        self._rooms.pop(room, None)

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        self._started()
        check_paging(after=after, before=before, limit=limit)
        return await self._turns.take(lambda: self._store.page(room, after, before, limit))

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        self._started()
        asked = list(rooms)
        return await self._turns.take(lambda: self._store.heads(asked))

    @override
    def emit(self, room: str, payload: bytes) -> None:
        self._started()
        sent = self._turns.take(lambda: self._store.pass_on(room, payload), lambda _: self._news.set())
        sent.add_done_callback(lambda sent: sent.exception())  # seen, and lost in silence (P15)

    @override
    async def probe(self) -> None:
        self._started()
        token = secrets.token_bytes(8)
        arrived = self._probes[token] = asyncio.Event()
        try:
            await self._turns.take(lambda: self._store.pass_on(None, token), lambda _: self._news.set())
            async with asyncio.timeout(self.options.timeout):
                await arrived.wait()
        except TimeoutError:
            raise Unavailable("the probe did not come back") from None
        finally:
            del self._probes[token]

    @override
    def stats(self) -> Mapping[str, float]:
        return {"subscribed_rooms": len(self._rooms), "calls_waiting": len(self._turns)}

    def _started(self) -> None:
        if self._listener is None:
            raise BrokerClosed("the broker was closed" if self._closed else "the broker has not been started")

    async def _watch(self, listener: Listener) -> None:
        """Hand on what is new, whoever wrote it; tell when the file is out of reach and when it's back."""
        pause = PAUSE
        while True:
            self._news.clear()
            try:
                _, rows = await self._turns.take(self._store.news, self._hand_on)
            except BrokerError as error:
                self._tell_lost(listener, str(error))
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                if self._lost:
                    self._lost = False
                    listener.restored()
                pause = 0.0 if len(rows) == AT_ONCE else PAUSE
            with suppress(TimeoutError):
                async with asyncio.timeout(pause * random.uniform(0.5, 1.0)):  # noqa: S311  jitter is no secret
                    await self._news.wait()

    def _tell_lost(self, listener: Listener, reason: str) -> None:
        if not self._lost:
            self._lost = True
            listener.lost(reason)

    def _hand_on(self, news: tuple[str, list[Row]]) -> None:
        epoch, rows = news
        if epoch != self._epoch and self._listener:
            self._epoch = epoch
            self._rooms = dict.fromkeys(self._rooms, 0)
            self._tell_lost(self._listener, "another file stands in its place")
        for row in rows:
            if row.room is None:
                if arrived := self._probes.get(row.payload):
                    arrived.set()
            elif self._listener:
                self._tell(self._listener, row.room, row)

    def _tell(self, listener: Listener, room: str, row: Row) -> None:
        head = self._rooms.get(room)
        if head is None:
            return
        if row.offset is None:
            listener.signal(room, row.payload)
        elif row.offset > head:
            listener.deliver(Entry(room, self._epoch, row.offset - 1, row.offset, row.payload))
