"""Track the subscriptions of a node on one shard, and what Redis has confirmed. Needs no connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from brokers.base import Position
from brokers.errors import Unavailable

Change = tuple[str, bytes]

SUBSCRIBE: Final = "SUBSCRIBE"
UNSUBSCRIBE: Final = "UNSUBSCRIBE"


class ChannelSubscription:
    """A subscribed room.

    Attributes:
        home: the shard's subscriptions it belongs to; it moves with its slot.
        confirmed: done at the first confirmation by Redis.
        callers: pending calls of `subscribe`.
        kept: a call has succeeded, so the room is subscribed again after an outage.
        maybe_missed: entries may have been missed since the last one.
        seen: the position of the last received entry, if known.
    """

    __slots__ = ("callers", "channel", "confirmed", "home", "kept", "maybe_missed", "room", "seen", "slot")

    def __init__(self, room: str, channel: bytes, slot: int, home: ChannelSubscriptions) -> None:
        self.room = room
        self.channel = channel
        self.slot = slot
        self.home = home
        self.confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.callers = 0
        self.kept = False
        self.maybe_missed = False
        self.seen: Position | None = None


class ChannelSubscriptions:
    """The subscriptions on one shard, across connections.

    Redis confirms the changes of a channel in order. So a confirmation belongs to the oldest pending change,
    and a `subscribe` is never satisfied by the confirmation of an earlier one.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._by_channel: dict[bytes, ChannelSubscription] = {}
        self._changes: list[Change] = []
        self._unconfirmed: dict[bytes, deque[ChannelSubscription]] = {}
        self._displaced: dict[bytes, ChannelSubscription] = {}

    def __len__(self) -> int:
        return len(self._by_channel)

    def __iter__(self) -> Iterator[ChannelSubscription]:
        return iter(tuple(self._by_channel.values()))

    @property
    def settled(self) -> bool:
        """Whether Redis has confirmed all subscriptions."""
        return not self._unconfirmed and not self._displaced

    @property
    def displaced(self) -> Sequence[ChannelSubscription]:
        """Subscriptions whose slot is no longer on this shard."""
        return tuple(self._displaced.values())

    def find(self, channel: bytes) -> ChannelSubscription | None:
        """Find the subscription of a channel."""
        return self._by_channel.get(channel)

    def join(self, room: str, channel: bytes, slot: int = 0) -> ChannelSubscription:
        """Subscribe to a room. The caller waits for `confirmed`, then calls `established` or `abandoned`."""
        subscription = self._by_channel.get(channel)
        if subscription is None:
            subscription = ChannelSubscription(room, channel, slot, self)
            self.adopt(subscription)
        subscription.callers += 1
        return subscription

    def adopt(self, subscription: ChannelSubscription) -> None:
        """Take over a subscription, possibly from another shard."""
        if subscription.home is not self:
            subscription.home.leave(subscription)
            subscription.home = self
        subscription.maybe_missed = subscription.kept
        self._displaced.pop(subscription.channel, None)
        self._by_channel[subscription.channel] = subscription
        self._change(SUBSCRIBE, subscription)

    def established(self, subscription: ChannelSubscription, head: Position | None = None) -> None:
        """Record that a caller of `join` succeeded, and the room's head at that time."""
        subscription.callers -= 1
        subscription.seen = subscription.seen or head
        subscription.kept = True

    def abandoned(self, subscription: ChannelSubscription) -> None:
        """Record that a caller of `join` failed; unsubscribe unless another caller needs the room."""
        subscription.callers -= 1
        if not (subscription.kept or subscription.callers):
            self.leave(subscription)

    def leave(self, subscription: ChannelSubscription) -> None:
        """Unsubscribe: nothing is delivered from now on, even before Redis confirms it."""
        if self._by_channel.get(subscription.channel) is subscription:
            del self._by_channel[subscription.channel]
            self._displaced.pop(subscription.channel, None)
            self._change(UNSUBSCRIBE, subscription)

    def take_changes(self) -> Sequence[Change]:
        """Take the changes to send, in order."""
        changes, self._changes = self._changes, []
        return changes

    def confirm(self, channel: bytes) -> ChannelSubscription | None:
        """Handle a confirmed subscription; return it if it is still wanted."""
        subscription = self._oldest(channel)
        if subscription is None:
            return None
        if not subscription.confirmed.done():
            subscription.confirmed.set_result(None)
        return subscription if self._by_channel.get(channel) is subscription else None

    def refused(self, channel: bytes, reason: str) -> bool:
        """Handle a refused subscription: its callers fail. False if it has none, as it is renewed."""
        subscription = self._oldest(channel)
        if subscription is None or subscription.kept:
            return False
        if not subscription.confirmed.done():
            subscription.confirmed.set_exception(Unavailable(reason))
            subscription.confirmed.exception()  # retrieved, even if the caller was cancelled
        if self._by_channel.get(channel) is subscription:
            del self._by_channel[channel]
        return True

    def redirected(self, slot: int) -> bool:
        """Handle a redirect of the oldest pending change of a slot; return whether there is one."""
        for channel, waiting in self._unconfirmed.items():
            if waiting[0].slot == slot:
                self._displace(self._oldest(channel))
                return True
        return False

    def ended(self, channel: bytes) -> bool:
        """Handle an unsubscribe; return whether the server initiated it."""
        subscription = self._by_channel.get(channel)
        if subscription is None or channel in self._unconfirmed:
            return False
        self._displace(subscription)
        return True

    def disconnected(self, reason: str) -> None:
        """Drop the state of a lost connection; pending subscriptions fail."""
        asked = [subscription for waiting in self._unconfirmed.values() for subscription in waiting]
        self._unconfirmed.clear()
        for subscription in (*asked, *self._displaced.values()):
            if not (subscription.kept or subscription.confirmed.done()):
                subscription.confirmed.set_exception(Unavailable(reason))
                subscription.confirmed.exception()  # retrieved, even if the caller was cancelled
                if self._by_channel.get(subscription.channel) is subscription:
                    del self._by_channel[subscription.channel]
        self._displaced.clear()

    def connected(self) -> None:
        """Subscribe to all rooms on a new connection; changes for the previous one are obsolete."""
        self._changes.clear()
        self._unconfirmed.clear()
        self._displaced.clear()
        for subscription in self._by_channel.values():
            subscription.maybe_missed = subscription.kept
            self._change(SUBSCRIBE, subscription)

    def _oldest(self, channel: bytes) -> ChannelSubscription | None:
        waiting = self._unconfirmed.get(channel)
        if waiting is None:
            return None
        subscription = waiting.popleft()
        if not waiting:
            del self._unconfirmed[channel]
        return subscription

    def _displace(self, subscription: ChannelSubscription | None) -> None:
        if subscription is not None and self._by_channel.get(subscription.channel) is subscription:
            subscription.maybe_missed = subscription.kept
            self._displaced[subscription.channel] = subscription

    def _change(self, verb: str, subscription: ChannelSubscription) -> None:
        channel = subscription.channel
        self._changes.append((verb, channel))
        if verb == SUBSCRIBE:
            self._unconfirmed.setdefault(channel, deque()).append(subscription)
        self._wake()
