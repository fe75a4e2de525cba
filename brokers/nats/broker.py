"""Implement the broker contract on NATS, and reconnect after an outage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from random import random
from typing import Final

from typing_extensions import override

from brokers.base import Broker, BrokerOptions, Listener, Page, Position, Receipt, check_paging
from brokers.errors import BrokerClosed, BrokerError, BrokerRefused, Unavailable
from brokers.nats.connection.url import parse_url, sign_in
from brokers.nats.history.erasing import erase
from brokers.nats.jetstream import MESSAGE_ID, PREV, StreamsChanged
from brokers.nats.live.subscriptions import RoomSubscriptions
from brokers.nats.session import NatsSession, open_session
from brokers.nats.subjects import Subjects, message_id
from brokers.nats.writes import Writes

# Seconds between reconnects. The maximum is short, because no other event corrects an idle room.
MIN_BACKOFF: Final = 0.05
MAX_BACKOFF: Final = 1.0
# Attempts to start while other nodes replace the streams.
_STARTS: Final = 5

_log: Final = logging.getLogger(__name__)


class NatsBroker(Broker):
    """Joins nodes through NATS JetStream."""

    shared = True

    def __init__(self, options: BrokerOptions) -> None:
        super().__init__(options)
        self._address = sign_in(parse_url(options.url), options)
        self._subjects = Subjects(options.prefix)
        self._rooms = RoomSubscriptions(self._subjects, options.retention.age)
        self._writes = Writes()
        self._listener: Listener | None = None
        self._session: NatsSession | None = None
        self._known_servers: list[str] = []
        self._supervisor: asyncio.Task[None] | None = None
        self._closed = False
        self._reconnects = 0

    @override
    async def start(self, listener: Listener) -> None:
        self._check_open()
        self._rooms.listener = listener
        session = await self._open_first()
        try:
            self._check_open()
        except BrokerClosed:
            await session.close()
            raise
        self._listener = listener
        self._session = session
        self._supervisor = asyncio.get_running_loop().create_task(self._supervise(session), name="nats")

    @override
    async def close(self) -> None:
        self._closed = True
        self._listener = self._rooms.listener = None
        keeper, self._supervisor = self._supervisor, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
        session, self._session = self._session, None
        if session is not None:
            await session.close()  # the supervisor was cancelled before its first step
        self._rooms.clear()

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        try:
            session = self._connected()
            if len(payload) > (most := self.options.retention.size):
                raise BrokerRefused(
                    f"Payload too large: {len(payload)} bytes. A room keeps at most {most} bytes"
                )
            headers = {MESSAGE_ID: message_id(room, key)}
            hint = self._rooms.hint(room)
            if hint is not None:
                headers[PREV] = str(hint)
            return session.publish(self._subjects.entry_in(room), payload, headers)
        except BrokerError as error:
            answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
            answer.set_exception(error)
            return answer

    @override
    async def subscribe(self, room: str) -> Position:
        session = self._connected()
        async with self._rooms.subscribing(room, session.connection), self._in_time():
            await session.confirm_subscriptions()
            last = await session.reader.last(room)
            self._rooms.learn(room, last.offset)
        return Position(session.epoch, last.offset)

    @override
    async def unsubscribe(self, room: str) -> None:
        self._started()
        self._rooms.leave(room)

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        self._started()
        check_paging(after=after, before=before, limit=limit)
        reader = self._connected().reader
        async with self._in_time():
            if after is not None:
                return await reader.after(room, after, limit)
            return await reader.before(room, before, limit)

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        session = self._connected()
        async with self._in_time():
            offsets = await session.reader.heads(rooms)
        for room, offset in offsets.items():
            self._rooms.learn(room, offset)
        return {room: Position(session.epoch, offset) for room, offset in offsets.items()}

    @override
    async def erase(self, room: str, offsets: Sequence[int], payload: bytes) -> None:
        session = self._connected()
        async with self._in_time():
            last = await session.reader.last(room)
            earlier = [offset for offset in offsets if 0 < offset < last.offset]
            await erase(session.connection, self._subjects, room, earlier)

    @override
    def emit(self, room: str, payload: bytes) -> None:
        self._started()
        if self._session is not None and self._session.connection.fits(payload):
            self._session.connection.send(self._subjects.signal(room), payload)

    @override
    async def probe(self) -> None:
        await self._connected().probe()

    @override
    def stats(self) -> Mapping[str, float]:
        connection = self._session.connection if self._session else None
        return {
            "connected": float(connection is not None),
            "reconnects": float(self._reconnects),
            "subscriptions": float(len(self._rooms)),
            "refused_rooms": float(self._rooms.refused),
            "writable": float(not self._writes.refused),
            "pending_requests": float(len(connection.inbox)) if connection else 0.0,
            "pending_bytes": float(connection.waiting) if connection else 0.0,
        }

    def _check_open(self) -> None:
        if self._closed:
            raise BrokerClosed("a closed broker can't be started again")

    def _started(self) -> Listener:
        if self._listener is None:
            raise BrokerClosed("the broker was closed" if self._closed else "the broker has not been started")
        return self._listener

    def _connected(self) -> NatsSession:
        self._started()
        if self._session is None:
            raise Unavailable("the connection to NATS is lost")
        return self._session

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """Limit the total time of several requests to that of one."""
        try:
            async with asyncio.timeout(self.options.timeout):
                yield
        except TimeoutError:
            raise Unavailable(f"NATS did not answer all requests within {self.options.timeout:g} s") from None

    async def _open(self, *, adapt: bool) -> NatsSession:
        return await open_session(
            self.options,
            self._address,
            self._subjects,
            self._rooms,
            self._writes,
            known=self._known_servers,
            adapt=adapt,
        )

    async def _open_first(self) -> NatsSession:
        """Open a session; try again at once if other nodes that start replaced the streams meanwhile."""
        for _ in range(_STARTS - 1):
            try:
                return await self._open(adapt=True)
            except StreamsChanged as error:
                _log.info("nats_streams_changed", extra={"reason": str(error)})
        return await self._open(adapt=True)

    async def _supervise(self, session: NatsSession) -> None:
        """Supervise sessions: report the loss of one, and open the next."""
        while True:
            try:
                self._known_servers = session.connection.discovered()
                await asyncio.wait(
                    [session.connection.ended]
                )  # awaiting it directly would cancel it together with this task
                reason = session.connection.ended.result()
            finally:
                self._session = None
                self._rooms.lost()
                await session.close()
            _log.warning("nats_connection_lost", extra={"reason": str(reason)})
            if self._listener is not None:
                self._listener.lost(str(reason))
            session = await self._reconnect()
            self._session = session
            self._reconnects += 1
            if self._listener is not None:
                self._listener.restored()

    async def _reconnect(self) -> NatsSession:
        wait = MIN_BACKOFF
        while True:
            await asyncio.sleep(wait * (0.5 + random() / 2))  # noqa: S311 - jitter, not a secret
            try:
                return await self._open(adapt=False)
            except BrokerError as error:
                # Logged once: `lost` and `restored` show how long the outage lasts.
                level = logging.WARNING if wait == MIN_BACKOFF else logging.DEBUG
                _log.log(level, "nats_reconnect_failed", extra={"reason": str(error)})
            except Exception:  # noqa: BLE001 - any failure has to be followed by another attempt
                _log.exception("nats_reconnect_failed")
            wait = min(2 * wait, MAX_BACKOFF)
