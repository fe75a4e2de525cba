"""Keep one subscriber connection for a shard: probe it when idle, and reconnect with backoff."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from random import random
from typing import Final, NamedTuple, Protocol, cast

from redis.exceptions import MovedError, RedisError, ResponseError

from brokers.base import Entry, Listener, Position
from brokers.errors import BrokerError, Unavailable
from brokers.redis.connection.client import RedisClient, describe, pack, receive, send
from brokers.redis.connection.url import Wire
from brokers.redis.listen import subscriptions as changes
from brokers.redis.listen.loopback import LoopbackProbes
from brokers.redis.listen.messages import parse
from brokers.redis.listen.subscriptions import ChannelSubscription, ChannelSubscriptions

logger: Final = logging.getLogger(__name__)

_MAX_CHANNELS: Final = 500
# Seconds between reconnects. The maximum is short, because no other event corrects an idle room.
_MIN_BACKOFF: Final = 0.05
_MAX_BACKOFF: Final = 1.0


class SubscriberObserver(Protocol):
    """Observes the connections to all shards."""

    def down(self, reason: str) -> None:
        """Handle the loss of a connection: entries may be missed from now on."""

    def up(self, subscriptions: ChannelSubscriptions) -> None:
        """Handle a connection on which all rooms of a shard are subscribed."""

    def resubscribed(self, subscription: ChannelSubscription) -> None:
        """Handle a room that is subscribed again on a connection that stayed up."""

    def displaced(self) -> None:
        """Handle rooms that belong to another shard than expected."""


class SubscriptionRequest(NamedTuple):
    """A request on its way: the channels that Redis has not confirmed yet."""

    verb: str
    channels: deque[bytes]


class SubscriberConnection:
    """The subscriber connection of one node to one shard.

    Args:
        client: makes connections.
        listener: receives entries and signals.
        observer: is notified of the connection's state.
        probes: verifies that messages arrive.
        prepare: checks the server, and returns whether to use sharded pub/sub.
        silence: seconds without any message before a probe is sent, and the time limit for confirmations.
    """

    def __init__(
        self,
        client: RedisClient,
        listener: Listener,
        observer: SubscriberObserver,
        *,
        probes: LoopbackProbes,
        prepare: Callable[[], Awaitable[bool]],
        silence: float,
    ) -> None:
        self._client = client
        self._listener = listener
        self._observer = observer
        self._probes = probes
        self._prepare = prepare
        self._silence = silence
        self._wake = asyncio.Event()
        self._confirmation = asyncio.Event()
        self._receiving = False
        self._stopping = False
        self._reason = ""
        self._loopback: ChannelSubscription | None = None
        self._unanswered: deque[SubscriptionRequest] = deque()  # Redis answers in order
        self._alone: list[bytes] = []  # channels of a refused request, to be requested one by one
        self.subscriptions = ChannelSubscriptions(self._wake.set)
        self.is_up = False
        self.invalid_messages = 0

    def subscribe_loopback(self, channel: bytes, slot: int) -> None:
        """Choose the channel on which probes arrive."""
        if self._loopback is not None:
            self.subscriptions.leave(self._loopback)
        self._loopback = self.subscriptions.join("", channel, slot)
        self.subscriptions.established(self._loopback)

    @property
    def loopback(self) -> ChannelSubscription | None:
        """The subscription for probes, once it is chosen."""
        return self._loopback

    async def run(self) -> None:
        """Listen, and reconnect after each loss. Runs until cancelled."""
        wait = _MIN_BACKOFF
        while True:
            was_up = await self._connected()
            wait = _MIN_BACKOFF if was_up else min(2 * wait, _MAX_BACKOFF)
            await asyncio.sleep(wait * random())  # noqa: S311 - jitter between nodes, not a secret

    def stop(self) -> None:
        """Stop all notifications and reconnects; the caller cancels `run`."""
        self._stopping = True

    def require_up(self) -> None:
        """Reject a call while the shard is down.

        Raises:
            Unavailable: it is down.
        """
        if not self.is_up:
            raise Unavailable(self._reason or "not connected to Redis yet")

    async def _connected(self) -> bool:
        """Run one connection until it ends; return whether it was ever up."""
        try:
            await self._listen()
        except* (BrokerError, RedisError, OSError, EOFError) as group:
            self._reason = f"the connection to Redis was lost: {describe(_root_cause(group))}"
        except* Exception as group:
            logger.exception("redis_subscriber_failed")
            self._reason = f"the subscriber connection failed: {describe(_root_cause(group))}"
        finally:
            was_up, self.is_up = self.is_up, False
            self.subscriptions.disconnected(self._reason)
            self._probes.fail(self._reason)
        if self._stopping:
            # Cancelled while a task of the group failed: Python 3.11 would raise only the failure.
            raise asyncio.CancelledError
        _clear_cancellation()
        if was_up:
            self._observer.down(self._reason)
            with suppress(RedisError, OSError):
                await self._client.close_idle()
        return was_up

    async def _listen(self) -> None:
        sharded = await self._prepare()
        async with self._client.connection() as wire, asyncio.TaskGroup() as tasks:
            self._unanswered.clear()
            self._alone.clear()
            self.subscriptions.connected()
            tasks.create_task(self._read(wire), name="redis: read")
            tasks.create_task(self._write(wire, sharded=sharded), name="redis: write")
            tasks.create_task(self._watch(), name="redis: watch")

    async def _watch(self) -> None:
        """Bring the connection up, then probe it whenever it is idle."""
        await self._wait_until_subscribed()
        await self._probes.send()
        self.is_up = True
        self._observer.up(self.subscriptions)
        while True:
            self._receiving = False
            await asyncio.sleep(self._silence)
            if not self._receiving:
                await self._probes.send()

    async def _wait_until_subscribed(self) -> None:
        try:
            async with asyncio.timeout(self._silence):
                while not self.subscriptions.settled:
                    self._confirmation.clear()
                    await self._confirmation.wait()
        except TimeoutError:
            raise Unavailable(
                f"Redis did not confirm all subscriptions within {self._silence:.3g} s"
            ) from None

    async def _write(self, wire: Wire, *, sharded: bool) -> None:
        """Send changes of subscriptions; those of one loop turn go in one write."""
        at_once, shard = (1, "S") if sharded else (_MAX_CHANNELS, "")
        while True:
            await self._wake.wait()
            self._wake.clear()
            requests = [SubscriptionRequest(changes.SUBSCRIBE, deque([channel])) for channel in self._alone]
            self._alone.clear()
            for verb, same in groupby(self.subscriptions.take_changes(), key=itemgetter(0)):
                channels = [channel for _, channel in same]
                pieces = (channels[start : start + at_once] for start in range(0, len(channels), at_once))
                requests += [SubscriptionRequest(verb, deque(piece)) for piece in pieces]
            commands = [pack(shard + one.verb, *one.channels) for one in requests]
            self._unanswered.extend(requests)
            for start in range(0, len(commands), _MAX_CHANNELS):
                await send(wire, commands[start : start + _MAX_CHANNELS])

    async def _read(self, wire: Wire) -> None:
        """Read what Redis pushes. Yield to other tasks between bursts."""
        while True:
            for _ in range(_MAX_CHANNELS):
                reply = await receive(wire)
                if isinstance(reply, MovedError):
                    self._redirected(reply.slot_id)
                    continue
                if isinstance(reply, ResponseError):
                    self._refused(reply)
                    continue
                kind, channel, data = cast(tuple[bytes, bytes, bytes], reply)
                if kind.endswith(b"message"):
                    self._receiving = True
                    self._take(channel, data)
                else:
                    self._changed(kind, channel)
            await asyncio.sleep(0)

    def _changed(self, kind: bytes, channel: bytes) -> None:
        """Handle the confirmation of a change, or an unsubscribe by the server."""
        self._confirmation.set()
        self._answered(kind, channel)
        if kind.endswith(b"unsubscribe"):
            if self.subscriptions.ended(channel):
                self._observer.displaced()
            return
        subscription = self.subscriptions.confirm(channel)
        if subscription is not None and subscription.maybe_missed and self.is_up:
            self._observer.resubscribed(subscription)

    def _answered(self, kind: bytes, channel: bytes) -> None:
        """Drop a channel from the oldest request, unless it is the server that unsubscribes."""
        oldest = self._unanswered[0] if self._unanswered else None
        verb = changes.UNSUBSCRIBE if kind.endswith(b"unsubscribe") else changes.SUBSCRIBE
        if oldest and oldest.verb == verb and oldest.channels[0] == channel:
            oldest.channels.popleft()
            if not oldest.channels:
                self._unanswered.popleft()

    def _refused(self, error: ResponseError) -> None:
        """Handle a refused request: find the channel that it is about, and fail only that."""
        refused = self._unanswered.popleft() if self._unanswered else None
        if refused is None or refused.verb != changes.SUBSCRIBE:
            raise error
        if len(refused.channels) > 1:
            self._alone.extend(refused.channels)
            self._wake.set()
            return
        self._confirmation.set()
        if not self.subscriptions.refused(refused.channels[0], f"Redis refused it: {describe(error)}"):
            raise error

    def _redirected(self, slot: int) -> None:
        if self._unanswered:
            self._unanswered.popleft()
        if self.subscriptions.redirected(slot):
            self._observer.displaced()

    def _take(self, channel: bytes, data: bytes) -> None:
        subscription = self.subscriptions.find(channel)
        if subscription is None:
            return  # unsubscribed, but Redis has not processed it yet
        if subscription is self._loopback:
            self._probes.arrived(data)
            return
        try:
            message = parse(subscription.room, data)
        except ValueError as error:
            self.invalid_messages += 1
            logger.warning("redis_invalid_message", extra={"room": subscription.room, "reason": str(error)})
            return
        try:
            if isinstance(message, Entry):
                subscription.seen = Position(message.epoch, message.offset)
                self._listener.deliver(message)
            else:
                self._listener.signal(subscription.room, message)
        except Exception:
            logger.exception("listener_failed")


def _clear_cancellation() -> None:
    """Reset the cancellation count that a failed task group leaves behind before Python 3.13.

    Before 3.11.3 the next timeout would take it for a cancellation of the task.
    """
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()


def _root_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Find the error that ended a task group."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
