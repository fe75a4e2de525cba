"""Which rooms a node hears on one shard, and what Redis has confirmed of it. Knows no connection."""

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
    """A room that is to be heard.

    Attributes:
        home: where it is asked for now; a slot that moves takes its rooms along.
        confirmed: done when Redis said so for the first time.
        callers: calls of `subscribe` under way.
        kept: one of them succeeded, so the room is subscribed again after an outage.
        unsure: entries may have been missed since it was heard last.
        seen: up to where it was heard, if that is known.
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
    """The subscriptions of one connection after another.

    Redis answers each change of a channel once, in order; so the answer to come is that of the oldest change
    that has none. That keeps a `subscribe` from being taken in by the confirmation of an earlier one.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._heard: dict[bytes, ChannelSubscription] = {}
        self._changes: list[Change] = []
        self._unanswered: dict[bytes, deque[ChannelSubscription]] = {}
        self._displaced: dict[bytes, ChannelSubscription] = {}

    def __len__(self) -> int:
        return len(self._heard)

    def __iter__(self) -> Iterator[ChannelSubscription]:
        return iter(tuple(self._heard.values()))

    @property
    def settled(self) -> bool:
        """Whether Redis has confirmed every room that it was asked for."""
        return not self._unanswered and not self._displaced

    @property
    def displaced(self) -> Sequence[ChannelSubscription]:
        """Those whose slot this shard says it has no more."""
        return tuple(self._displaced.values())

    def find(self, channel: bytes) -> ChannelSubscription | None:
        """Find what is to be heard on a channel."""
        return self._heard.get(channel)

    def join(self, room: str, channel: bytes, slot: int = 0) -> ChannelSubscription:
        """Hear a room from now on; the caller waits for `confirmed`, and says `held` or `gave_up` then."""
        subscription = self._heard.get(channel)
        if subscription is None:
            subscription = ChannelSubscription(room, channel, slot, self)
            self.adopt(subscription)
        subscription.callers += 1
        return subscription

    def adopt(self, subscription: ChannelSubscription) -> None:
        """Hear a room here from now on, wherever it was heard before."""
        if subscription.home is not self:
            subscription.home.leave(subscription)
            subscription.home = self
        subscription.maybe_missed = subscription.kept
        self._displaced.pop(subscription.channel, None)
        self._heard[subscription.channel] = subscription
        self._change(SUBSCRIBE, subscription)

    def established(self, subscription: ChannelSubscription, head: Position | None = None) -> None:
        """Note that a caller of `join` got all it wanted, and where the room ended then."""
        subscription.callers -= 1
        subscription.seen = subscription.seen or head
        subscription.kept = True

    def abandoned(self, subscription: ChannelSubscription) -> None:
        """Note that a caller of `join` failed; unless another one needs the room, it is left."""
        subscription.callers -= 1
        if not (subscription.kept or subscription.callers):
            self.leave(subscription)

    def leave(self, subscription: ChannelSubscription) -> None:
        """Hear nothing of it any more, at once, whenever Redis learns of it."""
        if self._heard.get(subscription.channel) is subscription:
            del self._heard[subscription.channel]
            self._displaced.pop(subscription.channel, None)
            self._change(UNSUBSCRIBE, subscription)

    def take_changes(self) -> Sequence[Change]:
        """Take what is to be sent, in order."""
        changes, self._changes = self._changes, []
        return changes

    def confirm(self, channel: bytes) -> ChannelSubscription | None:
        """Learn that Redis subscribed to a channel; return what it's for, if that is still wanted."""
        subscription = self._oldest(channel)
        if subscription is None:
            return None
        if not subscription.confirmed.done():
            subscription.confirmed.set_result(None)
        return subscription if self._heard.get(channel) is subscription else None

    def redirected(self, slot: int) -> bool:
        """Learn that the oldest of a slot that has no answer is to be asked for elsewhere; tell if any is."""
        for channel, waiting in self._unanswered.items():
            if waiting[0].slot == slot:
                self._displace(self._oldest(channel))
                return True
        return False

    def ended(self, channel: bytes) -> bool:
        """Learn that Redis ended a subscription; tell whether it did so by itself."""
        subscription = self._heard.get(channel)
        if subscription is None or channel in self._unanswered:
            return False
        self._displace(subscription)
        return True

    def disconnected(self, reason: str) -> None:
        """Forget what the connection was asked for; who still waits for it has failed."""
        asked = [subscription for waiting in self._unanswered.values() for subscription in waiting]
        self._unanswered.clear()
        for subscription in (*asked, *self._displaced.values()):
            if not (subscription.kept or subscription.confirmed.done()):
                subscription.confirmed.set_exception(Unavailable(reason))
                subscription.confirmed.exception()  # seen, though the caller may be gone
                if self._heard.get(subscription.channel) is subscription:
                    del self._heard[subscription.channel]
        self._displaced.clear()

    def connected(self) -> None:
        """Ask a new connection for all rooms; what the last one was not told any more doesn't matter."""
        self._changes.clear()
        self._unanswered.clear()
        self._displaced.clear()
        for subscription in self._heard.values():
            subscription.maybe_missed = subscription.kept
            self._change(SUBSCRIBE, subscription)

    def _oldest(self, channel: bytes) -> ChannelSubscription | None:
        waiting = self._unanswered.get(channel)
        if waiting is None:
            return None
        subscription = waiting.popleft()
        if not waiting:
            del self._unanswered[channel]
        return subscription

    def _displace(self, subscription: ChannelSubscription | None) -> None:
        if subscription is not None and self._heard.get(subscription.channel) is subscription:
            subscription.maybe_missed = subscription.kept
            self._displaced[subscription.channel] = subscription

    def _change(self, verb: str, subscription: ChannelSubscription) -> None:
        channel = subscription.channel
        self._changes.append((verb, channel))
        if verb == SUBSCRIBE:
            self._unanswered.setdefault(channel, deque()).append(subscription)
        self._wake()
