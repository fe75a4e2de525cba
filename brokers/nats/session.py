"""One session: a link that is ready, the stream as it was found over it, and the watch over both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial

from nats.aio.msg import Msg

from brokers.base import Options, Receipt
from brokers.errors import BrokerError, Refused, Unavailable
from brokers.nats.connection.connection import Link
from brokers.nats.connection.url import Address
from brokers.nats.history.reader import Reader
from brokers.nats.jetstream import (
    EXPECTED_STREAM,
    NobodyAnswers,
    Stored,
    Underway,
    elected,
    stored,
    turned_away,
)
from brokers.nats.live.loss_check import Sweep
from brokers.nats.live.subscriptions import Rooms
from brokers.nats.stream.info import has_heads, look
from brokers.nats.stream.setup import Stream, prepare
from brokers.nats.subjects import Names

# Questions for the stream that may stay unanswered in a row.
_MISSES = 2
# Seconds until it's asked again for an entry that is being stored.
_AGAIN = 0.02


async def open_session(
    options: Options, address: Address, names: Names, rooms: Rooms, *, known: Iterable[str], adapt: bool
) -> Session:
    """Connect, look at the streams, and subscribe to all rooms; it returns when all of that is confirmed."""
    link = Link(options, address)
    async with AsyncExitStack() as failure:
        failure.push_async_callback(link.close)
        await link.open(known)
        try:
            stream = await prepare(link, options, names, address.replicas, adapt=adapt)
            session = Session(options, link, stream, rooms)
            link.listen(names.probe_out, session.hear_probe)
            if stream.replicated:
                link.listen(names.elections, session.hear_election)
            rooms.enter(link, stream.epoch, session.doubt)
            # Behind the subscriptions on the same connection: so it can't be answered before they are made.
            await session.settle()
            await session.check()
        except Unavailable as error:
            if link.ended.done():
                raise link.ended.result() from error
            raise
        failure.pop_all()
    link.run(session.watch(), name="nats watch")
    return session


class Session:
    """What a broker works with between `restored` and `lost`."""

    def __init__(self, options: Options, link: Link, stream: Stream, rooms: Rooms) -> None:
        self._options = options
        self._stream = stream
        self._sweep = Sweep(rooms)
        self._highest = 0
        self._leader = ""
        self._made: Mapping[str, object] = {}
        self._doubt = asyncio.Event()
        self.link = link
        self.reader = Reader(link, stream)

    @property
    def epoch(self) -> str:
        """The epoch of all rooms."""
        return self._stream.epoch

    def doubt(self) -> None:
        """Look soon whether the stream is still the same."""
        self._doubt.set()

    def publish(self, subject: str, payload: bytes, headers: dict[str, str]) -> asyncio.Future[Receipt]:
        """Store an entry."""
        if not self.link.fits(payload, headers):
            raise Refused(f"a payload of {len(payload)} bytes is more than NATS takes (max_payload)")
        again = partial(self.link.send, subject, payload, headers=headers)
        return self.link.ask(subject, payload, partial(self._receipt, again), headers)

    async def settle(self) -> None:
        """Return when the stream's leader has heard of all subscriptions of this connection.

        Within a cluster, they reach it by the way of entries and not by that of questions, so neither waits
        for the other. What goes by the way of entries and is turned away comes behind them.
        """
        if self.link.clustered:
            none = {EXPECTED_STREAM: "none"}
            await self.link.ask(self._stream.names.probe_in, b"", turned_away, none)

    def hear_probe(self, message: Msg) -> None:
        """Take a probe, which may be another node's."""
        own, _, token = message.data.decode(errors="replace").rpartition(".")
        if self.link.reply_to(token) == f"{own}.{token}":
            self.link.inbox.take(token, message)

    def hear_election(self, message: Msg) -> None:
        """Take it that the stream may have another leader."""
        self._led_by(elected(message))

    async def close(self) -> None:
        """End what is under way, and disconnect."""
        await self.link.close()

    async def probe(self) -> None:
        """Send a message round: stored like an entry, and handed on like one."""
        names = self._stream.names

        def returned(message: Msg) -> bool | None:
            if message.subject == names.probe_out:
                return True
            self._stored(message)  # raises what is wrong with it
            return None

        token, arrived = self.link.inbox.expect(returned)
        reply = self.link.reply_to(token)
        self.link.send(names.probe_in, reply.encode(), reply=reply)
        await arrived

    async def watch(self) -> None:
        """Ask for the stream again and again; if it's another, or nobody answers, the link is of no use."""
        misses = 0
        while not self.link.ended.done():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.timeout):
                    await self._doubt.wait()
            self._doubt.clear()
            try:
                await self.check()
                misses = 0
            except BrokerError as error:
                misses += 1
                self._doubt.set()
                if misses >= _MISSES:
                    self.link.end(error)

    async def check(self) -> None:
        """Ask for the streams once; if they are others, or led by another, the link is of no use.

        Also if an entry was stored a while ago and never came, for it may be lost between two servers.
        """
        names = self._stream.names
        seen, heads = await asyncio.gather(look(self.link, names), has_heads(self.link, names))
        if seen.epoch != self.epoch or not heads:
            anew = Unavailable("a stream was removed or made anew")
            self.link.end(anew)
            raise anew
        if seen.made != (self._made or seen.made):
            self.link.end(Unavailable("the stream was changed"))
        self._made = seen.made
        self._led_by(seen.leader)
        if self.link.clustered and await self._sweep.turn(self.reader):
            self.link.end(Unavailable("an entry that was stored did not come"))

    def _led_by(self, leader: str) -> None:
        """Take note of the leader; what the one before it stored last may not have been handed on."""
        if leader and self._leader and leader != self._leader:
            self.link.end(Unavailable("the stream has another leader"))
        self._leader = leader or self._leader

    def _stored(self, message: Msg) -> Stored:
        try:
            return stored(message)
        except NobodyAnswers as error:
            self.link.end(error)
            raise

    def _receipt(self, again: Callable[..., bool], message: Msg) -> Receipt | None:
        try:
            entry = self._stored(message)
        except Underway:
            # Asked again, it tells where the entry was stored; the time for the answer goes on.
            ask = partial(again, reply=message.subject)
            asyncio.get_running_loop().call_later(_AGAIN, ask)
            return None
        if not entry.duplicate:
            if entry.offset <= self._highest:
                self.link.end(Unavailable("the stream was made anew"))
                raise Unavailable("the stream was made anew: the entry's epoch is not known")
            self._highest = entry.offset
        return Receipt(self.epoch, entry.offset, entry.duplicate)
