"""One session: a link that is ready, the stream as it was found over it, and the watch over both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial

from nats.aio.msg import Msg

from brokers.base import Options, Receipt
from brokers.errors import BrokerError, BrokerRefused, Unavailable
from brokers.nats.connection.connection import NatsConnection
from brokers.nats.connection.url import NatsUrl
from brokers.nats.history.reader import NatsReader
from brokers.nats.jetstream import (
    EXPECTED_STREAM,
    NoResponders,
    PublishAck,
    PublishInProgress,
    elected,
    rejected_by_stream,
    stored,
)
from brokers.nats.live.loss_check import LossCheck
from brokers.nats.live.subscriptions import RoomSubscriptions
from brokers.nats.stream.info import fetch_stream_info, has_heads
from brokers.nats.stream.setup import EntryStream, ensure_streams
from brokers.nats.subjects import Subjects

# Questions for the stream that may stay unanswered in a row.
_MAX_FAILED_CHECKS = 2
# Seconds until it's asked again for an entry that is being stored.
_RETRY_AFTER = 0.02


async def open_session(
    options: Options,
    address: NatsUrl,
    names: Subjects,
    rooms: RoomSubscriptions,
    *,
    known: Iterable[str],
    adapt: bool,
) -> NatsSession:
    """Connect, look at the streams, and subscribe to all rooms; it returns when all of that is confirmed."""
    connection = NatsConnection(options, address)
    async with AsyncExitStack() as failure:
        failure.push_async_callback(connection.close)
        await connection.open(known)
        try:
            stream = await ensure_streams(connection, options, names, address.replicas, adapt=adapt)
            session = NatsSession(options, connection, stream, rooms)
            connection.listen(names.probe_out, session.receive_probe)
            if stream.replicated:
                connection.listen(names.elections, session.receive_election)
            rooms.resubscribe(connection, stream.epoch, session.request_check)
            # Behind the subscriptions on the same connection: so it can't be answered before they are made.
            await session.confirm_subscriptions()
            await session.check()
        except Unavailable as error:
            if connection.ended.done():
                raise connection.ended.result() from error
            raise
        failure.pop_all()
    connection.run(session.watch(), name="nats watch")
    return session


class NatsSession:
    """What a broker works with between `restored` and `lost`."""

    def __init__(
        self, options: Options, connection: NatsConnection, stream: EntryStream, rooms: RoomSubscriptions
    ) -> None:
        self._options = options
        self._stream = stream
        self._loss_check = LossCheck(rooms)
        self._highest = 0
        self._leader = ""
        self._made: Mapping[str, object] = {}
        self._check_requested = asyncio.Event()
        self.connection = connection
        self.reader = NatsReader(connection, stream)

    @property
    def epoch(self) -> str:
        """The epoch of all rooms."""
        return self._stream.epoch

    def request_check(self) -> None:
        """Look soon whether the stream is still the same."""
        self._check_requested.set()

    def publish(self, subject: str, payload: bytes, headers: dict[str, str]) -> asyncio.Future[Receipt]:
        """Store an entry."""
        if not self.connection.fits(payload, headers):
            raise BrokerRefused(f"a payload of {len(payload)} bytes is more than NATS takes (max_payload)")
        again = partial(self.connection.send, subject, payload, headers=headers)
        return self.connection.ask(subject, payload, partial(self._receipt, again), headers)

    async def confirm_subscriptions(self) -> None:
        """Return when the stream's leader has heard of all subscriptions of this connection.

        Within a cluster, they reach it by the way of entries and not by that of questions, so neither waits
        for the other. What goes by the way of entries and is turned away comes behind them.
        """
        if self.connection.clustered:
            none = {EXPECTED_STREAM: "none"}
            await self.connection.ask(self._stream.names.probe_in, b"", rejected_by_stream, none)

    def receive_probe(self, message: Msg) -> None:
        """Take a probe, which may be another node's."""
        own, _, token = message.data.decode(errors="replace").rpartition(".")
        if self.connection.reply_to(token) == f"{own}.{token}":
            self.connection.inbox.take(token, message)

    def receive_election(self, message: Msg) -> None:
        """Take it that the stream may have another leader."""
        self._note_leader(elected(message))

    async def close(self) -> None:
        """End what is under way, and disconnect."""
        await self.connection.close()

    async def probe(self) -> None:
        """Send a message round: stored like an entry, and handed on like one."""
        names = self._stream.names

        def returned(message: Msg) -> bool | None:
            if message.subject == names.probe_out:
                return True
            self._stored(message)  # raises what is wrong with it
            return None

        token, arrived = self.connection.inbox.expect(returned)
        reply = self.connection.reply_to(token)
        self.connection.send(names.probe_in, reply.encode(), reply=reply)
        await arrived

    async def watch(self) -> None:
        """Ask for the stream again and again; if it's another, or nobody answers, the link is of no use."""
        misses = 0
        while not self.connection.ended.done():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.timeout):
                    await self._check_requested.wait()
            self._check_requested.clear()
            try:
                await self.check()
                misses = 0
            except BrokerError as error:
                misses += 1
                self._check_requested.set()
                if misses >= _MAX_FAILED_CHECKS:
                    self.connection.end(error)

    async def check(self) -> None:
        """Ask for the streams once; if they are others, or led by another, the link is of no use.

        Also if an entry was stored a while ago and never came, for it may be lost between two servers.
        """
        names = self._stream.names
        seen, heads = await asyncio.gather(
            fetch_stream_info(self.connection, names), has_heads(self.connection, names)
        )
        if seen.epoch != self.epoch or not heads:
            anew = Unavailable("a stream was removed or made anew")
            self.connection.end(anew)
            raise anew
        if seen.made != (self._made or seen.made):
            self.connection.end(Unavailable("the stream was changed"))
        self._made = seen.made
        self._note_leader(seen.leader)
        if self.connection.clustered and await self._loss_check.check_next(self.reader):
            self.connection.end(Unavailable("an entry that was stored did not come"))

    def _note_leader(self, leader: str) -> None:
        """Take note of the leader; what the one before it stored last may not have been handed on."""
        if leader and self._leader and leader != self._leader:
            self.connection.end(Unavailable("the stream has another leader"))
        self._leader = leader or self._leader

    def _stored(self, message: Msg) -> PublishAck:
        try:
            return stored(message)
        except NoResponders as error:
            self.connection.end(error)
            raise

    def _receipt(self, again: Callable[..., bool], message: Msg) -> Receipt | None:
        try:
            entry = self._stored(message)
        except PublishInProgress:
            # Asked again, it tells where the entry was stored; the time for the answer goes on.
            ask = partial(again, reply=message.subject)
            asyncio.get_running_loop().call_later(_RETRY_AFTER, ask)
            return None
        if not entry.duplicate:
            if entry.offset <= self._highest:
                self.connection.end(Unavailable("the stream was made anew"))
                raise Unavailable("the stream was made anew: the entry's epoch is not known")
            self._highest = entry.offset
        return Receipt(self.epoch, entry.offset, entry.duplicate)
