"""The connection that listens to one shard: kept up, checked when it's silent, made anew when it is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from random import random
from typing import Final, Protocol, cast

from redis.exceptions import MovedError, RedisError, ResponseError

from brokers.base import Entry, Listener, Position
from brokers.errors import BrokerError, Unavailable
from brokers.redis.connection.client import RedisClient, describe, pack, receive, send
from brokers.redis.connection.url import Wire
from brokers.redis.listen.loopback import LoopbackProbes
from brokers.redis.listen.messages import parse
from brokers.redis.listen.subscriptions import ChannelSubscription, ChannelSubscriptions

logger: Final = logging.getLogger(__name__)

_MAX_CHANNELS: Final = 500
# Between two tries to come back (seconds); not longer, for a quiet room is to be right soon after that.
_MIN_BACKOFF: Final = 0.05
_MAX_BACKOFF: Final = 1.0


class SubscriberObserver(Protocol):
    """Who wants to know how the connections to all shards are."""

    def down(self, reason: str) -> None:
        """Learn that entries may be missed from now on."""

    def up(self, subscriptions: ChannelSubscriptions) -> None:
        """Learn that all rooms of a shard are heard."""

    def resubscribed(self, subscription: ChannelSubscription) -> None:
        """Learn that a room is heard that was not for a while, on a connection that is up."""

    def displaced(self) -> None:
        """Learn that rooms belong to another shard than was thought."""


class SubscriberConnection:
    """The listening connection of one node to one shard.

    Args:
        link: where connections come from.
        listener: who is told `deliver` and `signal`.
        overseer: who is told how the connection is.
        probes: what finds out whether messages really come round.
        prepare: finds out whether the server can serve us, and whether its channels are those of a shard.
        silence: seconds without any message before that is asked; and for how long an answer may take.
    """

    def __init__(
        self,
        link: RedisClient,
        listener: Listener,
        observer: SubscriberObserver,
        *,
        probes: LoopbackProbes,
        prepare: Callable[[], Awaitable[bool]],
        silence: float,
    ) -> None:
        self._link = link
        self._listener = listener
        self._observer = observer
        self._probes = probes
        self._prepare = prepare
        self._silence = silence
        self._wake = asyncio.Event()
        self._news = asyncio.Event()
        self._heard = False
        self._stopping = False
        self._reason = ""
        self._loopback: ChannelSubscription | None = None
        self.subscriptions = ChannelSubscriptions(self._wake.set)
        self.is_up = False
        self.invalid_messages = 0

    def subscribe_loopback(self, channel: bytes, slot: int) -> None:
        """Choose the channel on which probes come back."""
        if self._loopback is not None:
            self.subscriptions.leave(self._loopback)
        self._loopback = self.subscriptions.join("", channel, slot)
        self.subscriptions.established(self._loopback)

    @property
    def loopback(self) -> ChannelSubscription | None:
        """The subscription on which probes come back, once it was chosen."""
        return self._loopback

    async def run(self) -> None:
        """Listen, and connect again whenever that ends, for ever."""
        wait = _MIN_BACKOFF
        while True:
            was_up = await self._connected()
            wait = _MIN_BACKOFF if was_up else min(2 * wait, _MAX_BACKOFF)
            await asyncio.sleep(wait * random())  # noqa: S311 - spreads the nodes, keeps no secret

    def stop(self) -> None:
        """Tell nobody anything any more, and connect no more; whoever calls this cancels `run`, too."""
        self._stopping = True

    def require_up(self) -> None:
        """Refuse what needs the shard while it is away.

        Raises:
            Unavailable: it is.
        """
        if not self.is_up:
            raise Unavailable(self._reason or "not connected to Redis yet")

    async def _connected(self) -> bool:
        """Go through the life of one connection, and tell whether it was ever up."""
        try:
            await self._listen()
        except* (BrokerError, RedisError, OSError, EOFError) as group:
            self._reason = f"the connection to Redis was lost: {describe(_root_cause(group))}"
        except* Exception as group:
            logger.exception("listening to Redis failed")
            self._reason = f"listening to Redis failed: {describe(_root_cause(group))}"
        finally:
            was_up, self.is_up = self.is_up, False
            self.subscriptions.disconnected(self._reason)
            self._probes.fail(self._reason)
        if self._stopping:
            # Cancelled while a task of the group failed: Python 3.11 would tell the failure only.
            raise asyncio.CancelledError
        _clear_cancellation()
        if was_up:
            self._observer.down(self._reason)
            with suppress(RedisError, OSError):
                await self._link.close_idle()
        return was_up

    async def _listen(self) -> None:
        sharded = await self._prepare()
        async with self._link.connection() as wire, asyncio.TaskGroup() as tasks:
            self.subscriptions.connected()
            tasks.create_task(self._read(wire), name="redis: read")
            tasks.create_task(self._write(wire, sharded=sharded), name="redis: write")
            tasks.create_task(self._watch(), name="redis: watch")

    async def _watch(self) -> None:
        """Bring the connection up, and ask whether it's alive whenever it is silent."""
        await self._wait_until_subscribed()
        await self._probes.send()
        self.is_up = True
        self._observer.up(self.subscriptions)
        while True:
            self._heard = False
            await asyncio.sleep(self._silence)
            if not self._heard:
                await self._probes.send()

    async def _wait_until_subscribed(self) -> None:
        try:
            async with asyncio.timeout(self._silence):
                while not self.subscriptions.settled:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise Unavailable(f"rooms were not confirmed within {self._silence:.3g} s") from None

    async def _write(self, wire: Wire, *, sharded: bool) -> None:
        """Send changes of subscriptions, those of one turn in one piece."""
        at_once, shard = (1, "S") if sharded else (_MAX_CHANNELS, "")
        while True:
            await self._wake.wait()
            self._wake.clear()
            changes = self.subscriptions.take_changes()
            commands = []
            for verb, same in groupby(changes, key=itemgetter(0)):
                channels = [channel for _, channel in same]
                starts = range(0, len(channels), at_once)
                commands += [pack(shard + verb, *channels[start : start + at_once]) for start in starts]
            for start in range(0, len(commands), _MAX_CHANNELS):
                await send(wire, commands[start : start + _MAX_CHANNELS])

    async def _read(self, wire: Wire) -> None:
        """Take what Redis pushes. Redis pushes much in a burst, so others get their turn in between."""
        while True:
            for _ in range(_MAX_CHANNELS):
                reply = await receive(wire)
                if isinstance(reply, MovedError):
                    self._redirected(reply.slot_id)
                    continue
                if isinstance(reply, ResponseError):
                    raise reply
                kind, channel, data = cast(tuple[bytes, bytes, bytes], reply)
                if kind.endswith(b"message"):
                    self._heard = True
                    self._take(channel, data)
                else:
                    self._changed(kind, channel)
            await asyncio.sleep(0)

    def _changed(self, kind: bytes, channel: bytes) -> None:
        """Learn that Redis subscribed to a channel, or ended that."""
        self._news.set()
        if kind.endswith(b"unsubscribe"):
            if self.subscriptions.ended(channel):
                self._observer.displaced()
            return
        subscription = self.subscriptions.confirm(channel)
        if subscription is not None and subscription.maybe_missed and self.is_up:
            self._observer.resubscribed(subscription)

    def _redirected(self, slot: int) -> None:
        if self.subscriptions.redirected(slot):
            self._observer.displaced()

    def _take(self, channel: bytes, data: bytes) -> None:
        subscription = self.subscriptions.find(channel)
        if subscription is None:
            return  # it was left, and Redis doesn't know yet
        if subscription is self._loopback:
            self._probes.arrived(data)
            return
        try:
            message = parse(subscription.room, data)
        except ValueError as error:
            self.invalid_messages += 1
            logger.warning("unreadable", extra={"room": subscription.room, "reason": str(error)})
            return
        try:
            if isinstance(message, Entry):
                subscription.seen = Position(message.epoch, message.offset)
                self._listener.deliver(message)
            else:
                self._listener.signal(subscription.room, message)
        except Exception:
            logger.exception("a listener raised; it goes on with the next message")


def _clear_cancellation() -> None:
    """Take back what a failed group of tasks leaves behind: before Python 3.13 its task counts as cancelled.

    Before 3.11.3 the next time limit that is over would take that for the task's end.
    """
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()


def _root_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Find the error that ended a group of tasks."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
