"""Run one session: a connection that is ready, the streams as they were found, and the checks on both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import NoReturn

from nats.aio.msg import Msg

from brokers.base import BrokerOptions, Receipt
from brokers.errors import BrokerError, BrokerRefused, Unavailable, WritesRefused
from brokers.nats.connection.connection import NatsConnection
from brokers.nats.connection.url import NatsUrl
from brokers.nats.history.reader import NatsReader
from brokers.nats.jetstream import (
    EXPECTED_STREAM,
    MESSAGE_ID,
    NoResponders,
    PublishAck,
    PublishInProgress,
    StreamsChanged,
    elected,
    rejected_by_stream,
    stored,
)
from brokers.nats.live.loss_check import LossCheck
from brokers.nats.live.subscriptions import RoomSubscriptions
from brokers.nats.stream.info import fetch_stream_info, has_heads
from brokers.nats.stream.restored import contradicts
from brokers.nats.stream.setup import EntryStream, ensure_streams
from brokers.nats.subjects import Subjects
from brokers.nats.writes import Writes

# Consecutive checks of the streams that may fail.
_MAX_FAILED_CHECKS = 2
# Seconds before an entry that is still being stored is sent again.
_RETRY_AFTER = 0.02
# Seconds between probes while writes are refused.
_PROBE_EVERY = 1.0


async def open_session(
    options: BrokerOptions,
    address: NatsUrl,
    subjects: Subjects,
    rooms: RoomSubscriptions,
    writes: Writes,
    *,
    known: Iterable[str],
    adapt: bool,
) -> NatsSession:
    """Connect, set up the streams, and subscribe to all rooms; return when everything is confirmed."""
    connection = NatsConnection(options, address)
    async with AsyncExitStack() as failure:
        failure.push_async_callback(connection.close)
        await connection.open(known)
        try:
            stream = await ensure_streams(
                connection, options, subjects, address.replicas, rooms.newest, adapt=adapt
            )
            rooms.newest.begin(stream.epoch)
            session = NatsSession(options, connection, stream, rooms, writes)
            connection.listen(subjects.probe_out, session.receive_probe)
            if stream.replicated:
                connection.listen(subjects.elections, session.receive_election)
            rooms.resubscribe(connection, stream.epoch, session.request_check)
            # Sent after the subscriptions on the same connection, so they are in effect when it is answered.
            await _until_known(session, options.timeout)
            await session.check()
        except Unavailable as error:
            if connection.ended.done():
                raise connection.ended.result() from error
            raise
        failure.pop_all()
    connection.run(session.watch(), name="nats watch")
    return session


async def _until_known(session: NatsSession, limit: float) -> None:
    """Confirm the subscriptions, once this server of a cluster knows a stream that was just created."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit
    while True:
        try:
            return await session.confirm_subscriptions()
        except NoResponders:
            if loop.time() > deadline:
                raise
        await asyncio.sleep(_RETRY_AFTER)


class NatsSession:
    """What the broker uses from one `restored` to the next `lost`."""

    def __init__(
        self,
        options: BrokerOptions,
        connection: NatsConnection,
        stream: EntryStream,
        rooms: RoomSubscriptions,
        writes: Writes,
    ) -> None:
        self._options = options
        self._stream = stream
        self._rooms = rooms
        self._writes = writes
        self._probe_requested = False
        self._loss_check = LossCheck(rooms)
        self._highest = 0
        self._leader = ""
        self._made: Mapping[str, object] = {}
        self._check_requested = asyncio.Event()
        self.connection = connection
        self.reader = NatsReader(connection, stream)
        connection.publish_refused = self._publish_refused
        connection.inbox.expired = self._request_probe

    @property
    def epoch(self) -> str:
        """The epoch of all rooms."""
        return self._stream.epoch

    def request_check(self) -> None:
        """Request a check that the stream is still the same."""
        self._check_requested.set()

    def publish(self, subject: str, payload: bytes, headers: dict[str, str]) -> asyncio.Future[Receipt]:
        """Store an entry."""
        if not self.connection.fits(payload, headers):
            raise BrokerRefused(
                f"Payload too large: {len(payload)} bytes. The NATS server allows less (max_payload)"
            )
        again = partial(self.connection.send, subject, payload, headers=headers)
        return self.connection.ask(
            subject, payload, partial(self._receipt, again, len(payload), headers[MESSAGE_ID]), headers
        )

    async def confirm_subscriptions(self) -> None:
        """Wait until the stream's leader knows all subscriptions of this connection.

        In a cluster subscriptions travel on the route of entries, not on that of API requests, so a reply to
        the latter proves nothing. This sends an entry that every stream rejects: it follows the subscriptions
        on their route.
        """
        if self.connection.clustered:
            none = {EXPECTED_STREAM: "none"}
            # Without the permission to publish nothing confirms them; the loss check covers the difference.
            with suppress(WritesRefused):
                await self.connection.ask(self._stream.subjects.probe_in, b"", rejected_by_stream, none)

    def receive_probe(self, message: Msg) -> None:
        """Handle a probe, which may be another node's."""
        own, _, token = message.data.decode(errors="replace").rstrip().rpartition(".")
        if self.connection.reply_to(token) == f"{own}.{token}":
            self.connection.inbox.take(token, message)

    def receive_election(self, message: Msg) -> None:
        """Handle an election: the stream may have a new leader."""
        self._note_leader(elected(message))

    async def close(self) -> None:
        """Fail all pending requests, and disconnect."""
        await self.connection.close()

    async def probe(self) -> None:
        """Send a probe that is stored and republished like an entry."""
        subjects = self._stream.subjects

        def returned(message: Msg) -> bool | None:
            if message.subject == subjects.probe_out:
                return True
            self._stored(message)  # raises if it was not stored
            return None

        token, arrived = self.connection.inbox.expect(returned, subjects.probe_in)
        reply = self.connection.reply_to(token)
        self.connection.send(subjects.probe_in, reply.encode().ljust(self._writes.size), reply=reply)
        try:
            await arrived
        except WritesRefused as error:
            self._writes.refuse(str(error))
            raise
        self._writes.accept()

    async def watch(self) -> None:
        """Check the streams repeatedly, and end the connection if they changed or the checks fail."""
        misses = 0
        while not self.connection.ended.done():
            pause = _PROBE_EVERY if self._writes.refused else self._options.timeout
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._check_requested.wait()
            self._check_requested.clear()
            try:
                await self.check()
                await self._check_refusals()
                misses = 0
            except BrokerError as error:
                misses += 1
                self._check_requested.set()
                if misses >= _MAX_FAILED_CHECKS:
                    self.connection.end(error)

    async def check(self) -> None:
        """Check the streams once; end the connection if they were recreated, changed, or have a new leader.

        Also end it if a stored entry has not arrived, because it may have been lost between two servers.
        """
        subjects = self._stream.subjects
        newest = self._rooms.newest.copy()
        seen, heads = await asyncio.gather(
            fetch_stream_info(self.connection, subjects), has_heads(self.connection, subjects)
        )
        if seen.epoch != self.epoch or not heads:
            self._fail("a stream was removed or recreated")
        if contradiction := await contradicts(self.connection, subjects, newest, seen):
            self._fail(f"the stream was restored: {contradiction}")
        if seen.made != (self._made or seen.made):
            self.connection.end(Unavailable("the configuration of the stream was changed"))
        self._made = seen.made
        self._note_leader(seen.leader)
        if self.connection.clustered and await self._loss_check.check_next(self.reader):
            self.connection.end(Unavailable("a stored entry did not arrive"))

    def _fail(self, reason: str) -> NoReturn:
        error = StreamsChanged(reason)
        self.connection.end(error)
        raise error

    async def _check_refusals(self) -> None:
        """Check whether writes or rooms are still refused, and whether writes are, if one was."""
        if self._probe_requested or self._writes.refused:
            self._probe_requested = False
            await self._probe_writes()
        if retried := self._rooms.retry_refused(self.connection):
            await self.confirm_subscriptions()
            # Any reply follows the refusals of what was sent before.
            await fetch_stream_info(self.connection, self._stream.subjects)
            if any(not subscription.refused for subscription in retried) and self._rooms.listener:
                self._rooms.listener.restored()

    async def _probe_writes(self) -> None:
        """Find out whether writes are refused, on a connection that answers everything else."""
        try:
            await self.probe()
        except WritesRefused:
            pass
        except Unavailable as error:
            await self.check()
            # Reads are answered. A stream that failed to write to its disk answers nothing.
            self._writes.refuse(f"NATS can be read, but stores nothing ({error}): see its log, and its disk")
            self._probe_requested = False

    def _publish_refused(self, subject: str, _: str) -> None:
        # It may be this room alone: a probe finds out.
        if subject != self._stream.subjects.probe_in.lower():
            self._request_probe()

    def _request_probe(self) -> None:
        self._probe_requested = True
        self._check_requested.set()

    def _note_leader(self, leader: str) -> None:
        """Record the leader, and end the connection if it changed.

        The last entries of the previous leader may not have been republished.
        """
        if leader and self._leader and leader != self._leader:
            self.connection.end(Unavailable("the stream has a new leader"))
        self._leader = leader or self._leader

    def _stored(self, message: Msg, size: int = 0) -> PublishAck:
        try:
            return stored(message)
        except NoResponders as error:
            self.connection.end(error)
            raise
        except WritesRefused as error:
            self._writes.refuse(str(error), size)
            raise

    def _receipt(
        self, again: Callable[..., bool], size: int, message_id: str, message: Msg
    ) -> Receipt | None:
        try:
            entry = self._stored(message, size)
        except PublishInProgress:
            # A second request returns the position of the entry; the time limit of the first still applies.
            ask = partial(again, reply=message.subject)
            asyncio.get_running_loop().call_later(_RETRY_AFTER, ask)
            return None
        if not entry.duplicate:
            if entry.offset <= self._highest:
                self._fail("the stream was recreated or restored: the epoch of the entry is unknown")
            self._highest = entry.offset
            self._rooms.newest.note(entry.offset, message_id)
        return Receipt(self.epoch, entry.offset, entry.duplicate)
