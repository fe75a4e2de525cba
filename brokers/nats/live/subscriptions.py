"""Keep the subscriptions of a node to rooms, with the last offset of each."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Final

from nats.aio.msg import Msg

from brokers.base import Entry, Listener
from brokers.errors import Unavailable
from brokers.nats.connection.connection import NatsConnection
from brokers.nats.connection.failures import explain_refusal
from brokers.nats.jetstream import MESSAGE_ID, republished
from brokers.nats.live.reorder import ReorderBuffer
from brokers.nats.subjects import Subjects
from brokers.nats.watermark import Watermark

# The first version that republishes in the order of storage.
_ORDERED: Final = (2, 10)
# Refused rooms that are tried again at a time.
_RETRIES: Final = 100

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class RoomSubscription:
    """A subscription to a room, across connections.

    Attributes:
        last: the last known offset, 0 if there is none.
        received_at: when it was received, by a monotonic clock; minus infinity if that is unknown.
        waiting: number of pending calls of `subscribe`.
        leave: functions that unsubscribe at the server.
        order: restores the order of entries, for servers that may swap them.
        refused: why the server refuses the subscription; empty if it does not.
    """

    last: int = 0
    received_at: float = float("-inf")
    confirmed: bool = False
    waiting: int = 0
    leave: list[Callable[[], None]] = field(default_factory=list)
    order: ReorderBuffer | None = None
    refused: str = ""


class RoomSubscriptions:
    """Subscribes to rooms and delivers what arrives for them. `newest` is the newest entry of all rooms."""

    def __init__(self, subjects: Subjects, age: float) -> None:
        self._subjects = subjects
        self._age = age
        self._subscriptions: dict[str, RoomSubscription] = {}
        self._epoch = ""
        self._lost = float("inf")
        self._refusals_logged = False
        self._request_check: Callable[[], None] = lambda: None
        self.listener: Listener | None = None
        self.newest = Watermark()

    def __len__(self) -> int:
        return len(self._subscriptions)

    @property
    def refused(self) -> int:
        """The number of rooms that have subscribers, but are not delivered: the server refuses them."""
        return sum(bool(subscription.refused) for subscription in self._subscriptions.values())

    def resubscribe(self, connection: NatsConnection, epoch: str, request_check: Callable[[], None]) -> None:
        """Subscribe to all rooms on a new connection.

        `request_check` is called if an entry contradicts the epoch.
        """
        away = time.monotonic() - self._lost
        if epoch != self._epoch or (self._age and away > self._age):
            # The last offsets are no longer valid.
            for subscription in self._subscriptions.values():
                subscription.last, subscription.received_at = 0, float("-inf")
        self._epoch, self._request_check = epoch, request_check
        for room, subscription in self._subscriptions.items():
            self._listen(room, subscription, connection)

    def lost(self) -> None:
        """Record the time at which the connection was lost."""
        self._lost = time.monotonic()

    @asynccontextmanager
    async def subscribing(self, room: str, connection: NatsConnection) -> AsyncIterator[None]:
        """Subscribe to a room; the block confirms it. Unsubscribe if the block fails."""
        subscription = self._subscriptions.get(room)
        if subscription is None:
            subscription = self._subscriptions[room] = RoomSubscription()
        if subscription.refused or not subscription.leave:
            self._listen(room, subscription, connection)
        subscription.waiting += 1
        try:
            yield
            if subscription.refused:
                raise Unavailable(f"Room refused: {subscription.refused}")
            self._refusals_logged = False
            subscription.confirmed = True
        finally:
            subscription.waiting -= 1
            if (
                not (subscription.confirmed or subscription.waiting)
                and self._subscriptions.get(room) is subscription
            ):
                self.leave(room)

    def retry_refused(self, connection: NatsConnection) -> Sequence[RoomSubscription]:
        """Subscribe again to rooms that the server refused; those that it still refuses stay so."""
        refused = ((room, each) for room, each in self._subscriptions.items() if each.refused)
        retried = dict(islice(refused, _RETRIES))
        for room, subscription in retried.items():
            self._listen(room, subscription, connection)
        return list(retried.values())

    def __iter__(self) -> Iterator[str]:
        return iter(self._subscriptions)

    def is_missing(self, room: str, head: int) -> bool:
        """Return whether a subscribed room has not received the entry at `head`."""
        subscription = self._subscriptions.get(room)
        return subscription is not None and subscription.confirmed and subscription.last < head

    def learn(self, room: str, head: int) -> None:
        """Raise the last known offset of a room to its head."""
        subscription = self._subscriptions.get(room)
        if subscription is not None:
            subscription.last = max(subscription.last, head)

    def leave(self, room: str) -> None:
        """Unsubscribe from a room: nothing is delivered from now on."""
        subscription = self._subscriptions.pop(room, None)
        for stop in subscription.leave if subscription else ():
            stop()

    def clear(self) -> None:
        """Drop all rooms."""
        self._subscriptions.clear()

    def hint(self, room: str) -> int | None:
        """Return the previous offset to store with an entry; None if that entry is still stored."""
        subscription = self._subscriptions.get(room)
        if subscription is None:
            return 0
        recent = not self._age or time.monotonic() - subscription.received_at < self._age / 2
        return None if subscription.last and recent else subscription.last

    def _listen(self, room: str, subscription: RoomSubscription, connection: NatsConnection) -> None:
        if subscription.order is not None:
            subscription.order.release()
        subscription.order = (
            ReorderBuffer(partial(self._deliver, subscription)) if connection.version < _ORDERED else None
        )
        takes = {
            self._subjects.entry_out(room): partial(self._entry, room, subscription, self._epoch),
            self._subjects.signal(room): partial(self._signal, room, subscription),
        }
        subscription.refused = ""
        stop = connection.subscribe(takes, partial(self._refuse, room, subscription))
        subscription.leave = [stop]

    def _refuse(self, room: str, subscription: RoomSubscription, reason: str) -> None:
        """Note that the server refuses a room; it alone is affected."""
        subscription.refused = explain_refusal(reason)
        for stop in subscription.leave:
            stop()  # the server may have accepted the other subscription
        subscription.leave = []
        if not self._refusals_logged:
            self._refusals_logged = True
            _log.warning("nats_room_refused", extra={"room": room, "reason": subscription.refused})

    def _entry(self, room: str, subscription: RoomSubscription, epoch: str, message: Msg) -> None:
        if self.listener is None or self._subscriptions.get(room) is not subscription:
            return
        entry = republished(message)
        self.newest.note(entry.offset, (message.headers or {}).get(MESSAGE_ID, ""))
        if entry.offset <= subscription.last and subscription.received_at > float("-inf"):
            self._request_check()
        # NATS reports 0 if all earlier entries have expired: then use the last known offset.
        prev = entry.prev or max(entry.hint, subscription.last if subscription.last < entry.offset else 0)
        whole = Entry(room, epoch, prev, entry.offset, message.data)
        if subscription.order is None:
            self._deliver(subscription, whole)
        else:
            subscription.order.take(whole, subscription.last)

    def _deliver(self, subscription: RoomSubscription, entry: Entry) -> None:
        if self.listener is not None and self._subscriptions.get(entry.room) is subscription:
            subscription.last, subscription.received_at = (
                max(subscription.last, entry.offset),
                time.monotonic(),
            )
            self.listener.deliver(entry)

    def _signal(self, room: str, subscription: RoomSubscription, message: Msg) -> None:
        if self.listener is not None and self._subscriptions.get(room) is subscription:
            self.listener.signal(room, message.data)
