"""Implement the broker contract on a SQLite file, which each node polls."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from typing_extensions import override

from brokers.base import Broker, BrokerOptions, Entry, Listener, Page, Position, Receipt, check_paging
from brokers.errors import BrokerClosed, BrokerError, Misconfigured, Unavailable
from hubbub_sqlite.executor import SerialExecutor
from hubbub_sqlite.store import BATCH, Row, Store

POLL_INTERVAL: Final = 0.02  # seconds between two polls of the log
MAX_BACKOFF: Final = 1.0  # while the file is unreachable


class SqliteBroker(Broker):
    """Joins nodes through a file, given as `sqlite:///path/to/chat.db`."""

    shared = True

    def __init__(self, options: BrokerOptions) -> None:
        super().__init__(options)
        url = urlsplit(options.url)
        if url.scheme != "sqlite" or url.netloc or not url.path:
            raise Misconfigured("HUBBUB_BROKER_URL must name a file: sqlite:///path/to/chat.db")
        self._store = Store(Path(unquote(url.path)), options)
        self._executor = SerialExecutor(options.timeout)
        self._listener: Listener | None = None
        self._poller: asyncio.Task[None] | None = None
        self._closed = self._lost = False
        self._epoch = ""
        self._rooms: dict[str, int | None] = {}  # to the head that `subscribe` returned; None until it does
        self._probes: dict[bytes, asyncio.Event] = {}
        self._wakeup = asyncio.Event()

    @override
    async def start(self, listener: Listener) -> None:
        if self._closed:
            raise BrokerClosed("a closed broker can't be started again")
        self._epoch, _ = await self._executor.submit(self._store.new_rows)
        self._listener = listener
        self._poller = asyncio.create_task(self._poll(listener), name="sqlite")

    @override
    async def close(self) -> None:
        if self._closed:
            return
        self._listener, self._closed = None, True
        self._executor.close(self._store.close)
        if self._poller:
            self._poller.cancel()
            await asyncio.wait([self._poller])

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        try:
            self._started()
        except BrokerClosed as closed:
            refused: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
            refused.set_exception(closed)
            return refused
        store = partial(self._store.publish, room, payload, key)
        return self._executor.submit(store, lambda _: self._wakeup.set())

    @override
    async def subscribe(self, room: str) -> Position:
        def then(heads: dict[str, Position]) -> None:
            if self._rooms.get(room, 0) is None:
                self._rooms[room] = heads[room].offset

        self._started()
        self._rooms.setdefault(room, None)
        # The head is recorded in order with the polls: all later rows are delivered, and no earlier one (P6).
        return (await self._executor.submit(lambda: self._store.heads([room]), then))[room]

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
        return await self._executor.submit(lambda: self._store.page(room, after, before, limit))

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        self._started()
        asked = list(rooms)
        return await self._executor.submit(lambda: self._store.heads(asked))

    @override
    async def erase(self, room: str, offsets: Sequence[int], payload: bytes) -> None:
        self._started()
        await self._executor.submit(lambda: self._store.erase(room, offsets, payload))

    @override
    def emit(self, room: str, payload: bytes) -> None:
        self._started()
        sent = self._executor.submit(
            lambda: self._store.append_transient(room, payload), lambda _: self._wakeup.set()
        )
        sent.add_done_callback(lambda sent: sent.exception())  # retrieved, then dropped silently (P15)

    @override
    async def probe(self) -> None:
        self._started()
        token = secrets.token_bytes(8)
        arrived = self._probes[token] = asyncio.Event()
        try:
            await self._executor.submit(
                lambda: self._store.append_transient(None, token), lambda _: self._wakeup.set()
            )
            async with asyncio.timeout(self.options.timeout):
                await arrived.wait()
        except TimeoutError:
            raise Unavailable("the probe did not arrive in time") from None
        finally:
            del self._probes[token]

    @override
    def stats(self) -> Mapping[str, float]:
        return {"subscriptions": len(self._rooms), "pending_calls": len(self._executor)}

    def _started(self) -> None:
        if self._listener is None:
            raise BrokerClosed("the broker was closed" if self._closed else "the broker has not been started")

    async def _poll(self, listener: Listener) -> None:
        """Deliver new rows of any node; report when the file becomes unreachable, and when it is back."""
        pause = POLL_INTERVAL
        while True:
            self._wakeup.clear()
            try:
                _, rows = await self._executor.submit(self._store.new_rows, self._dispatch)
            except BrokerError as error:
                self._report_lost(listener, str(error))
                pause = min(2 * pause, MAX_BACKOFF)
            else:
                if self._lost:
                    self._lost = False
                    listener.restored()
                pause = 0.0 if len(rows) == BATCH else POLL_INTERVAL
            with suppress(TimeoutError):
                async with asyncio.timeout(pause * random.uniform(0.5, 1.0)):  # noqa: S311  jitter is not a secret
                    await self._wakeup.wait()

    def _report_lost(self, listener: Listener, reason: str) -> None:
        if not self._lost:
            self._lost = True
            listener.lost(reason)

    def _dispatch(self, new_rows: tuple[str, list[Row]]) -> None:
        epoch, rows = new_rows
        if epoch != self._epoch and self._listener:
            self._epoch = epoch
            self._rooms = dict.fromkeys(self._rooms, 0)
            self._report_lost(self._listener, "the file was replaced by another one")
        for row in rows:
            if row.room is None:
                if arrived := self._probes.get(row.payload):
                    arrived.set()
            elif self._listener:
                self._deliver(self._listener, row.room, row)

    def _deliver(self, listener: Listener, room: str, row: Row) -> None:
        head = self._rooms.get(room)
        if head is None:
            return
        if row.offset is None:
            listener.signal(room, row.payload)
        elif row.offset > head:
            listener.deliver(Entry(room, self._epoch, row.offset - 1, row.offset, row.payload))
