"""Which rooms a node is subscribed to, and what Redis has confirmed of it. Knows no connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from brokers.errors import Unavailable

Change = tuple[str, bytes]

SUBSCRIBE: Final = "SUBSCRIBE"
UNSUBSCRIBE: Final = "UNSUBSCRIBE"


class Subscription:
    """A room that is to be heard.

    Attributes:
        confirmed: done when Redis said so for the first time.
        callers: calls of `subscribe` under way.
        kept: one of them succeeded, so the room is subscribed again after an outage.
    """

    __slots__ = ("callers", "channel", "confirmed", "kept", "room")

    def __init__(self, room: str, channel: bytes, confirmed: asyncio.Future[None]) -> None:
        self.room = room
        self.channel = channel
        self.confirmed = confirmed
        self.callers = 0
        self.kept = False


class Subscriptions:
    """The subscriptions of one connection after another.

    Redis answers each change of a channel once, in order; so the answer to come is that of the oldest change
    that has none. That keeps a `subscribe` from being taken in by the confirmation of an earlier one.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._heard: dict[bytes, Subscription] = {}
        self._changes: list[Change] = []
        self._unanswered: dict[bytes, deque[Subscription]] = {}

    def __len__(self) -> int:
        return len(self._heard)

    @property
    def settled(self) -> bool:
        """Whether Redis has confirmed every room that it was asked for."""
        return not self._unanswered

    def find(self, channel: bytes) -> Subscription | None:
        """Find what is to be heard on a channel."""
        return self._heard.get(channel)

    def join(self, room: str, channel: bytes) -> Subscription:
        """Hear a room from now on; the caller waits for `confirmed`, and says `held` or `gave_up` then."""
        subscription = self._heard.get(channel)
        if subscription is None:
            confirmed = asyncio.get_running_loop().create_future()
            subscription = self._heard[channel] = Subscription(room, channel, confirmed)
            self._change(SUBSCRIBE, subscription)
        subscription.callers += 1
        return subscription

    def held(self, subscription: Subscription) -> None:
        """Note that a caller of `join` got all it wanted."""
        subscription.callers -= 1
        subscription.kept = True

    def gave_up(self, subscription: Subscription) -> None:
        """Note that a caller of `join` failed; unless another one needs the room, it is left."""
        subscription.callers -= 1
        if not (subscription.kept or subscription.callers):
            self.leave(subscription)

    def leave(self, subscription: Subscription) -> None:
        """Hear nothing of it any more, at once, whenever Redis learns of it."""
        if self._heard.get(subscription.channel) is subscription:
            del self._heard[subscription.channel]
            self._change(UNSUBSCRIBE, subscription)

    def take_changes(self) -> Sequence[Change]:
        """Take what is to be sent, in order."""
        changes, self._changes = self._changes, []
        return changes

    def answered(self, channel: bytes) -> None:
        """Learn that Redis subscribed to a channel."""
        waiting = self._unanswered[channel]
        subscription = waiting.popleft()
        if not waiting:
            del self._unanswered[channel]
        if not subscription.confirmed.done():
            subscription.confirmed.set_result(None)

    def disconnected(self, reason: str) -> None:
        """Forget what the connection was asked for; who still waits for it has failed."""
        waiting = [subscription for asked in self._unanswered.values() for subscription in asked]
        self._unanswered.clear()
        for subscription in waiting:
            if not (subscription.kept or subscription.confirmed.done()):
                subscription.confirmed.set_exception(Unavailable(reason))
                subscription.confirmed.exception()  # seen, though the caller may be gone
                if self._heard.get(subscription.channel) is subscription:
                    del self._heard[subscription.channel]

    def connected(self) -> None:
        """Ask a new connection for all rooms; what the last one was not told any more doesn't matter."""
        self._changes.clear()
        self._unanswered.clear()
        for subscription in self._heard.values():
            self._change(SUBSCRIBE, subscription)

    def _change(self, verb: str, subscription: Subscription) -> None:
        channel = subscription.channel
        self._changes.append((verb, channel))
        if verb == SUBSCRIBE:
            self._unanswered.setdefault(channel, deque()).append(subscription)
        self._wake()
