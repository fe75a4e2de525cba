"""Each confirmation is matched with the oldest pending change of its channel."""

from __future__ import annotations

from brokers.errors import Unavailable
from brokers.redis.listen.subscriptions import SUBSCRIBE, UNSUBSCRIBE, ChannelSubscriptions


async def test_a_confirmation_belongs_to_the_oldest_subscribe() -> None:
    subscriptions = ChannelSubscriptions(lambda: None)
    first = subscriptions.join("room", b"channel")
    subscriptions.leave(first)
    second = subscriptions.join("room", b"channel")
    assert subscriptions.take_changes() == [
        (SUBSCRIBE, b"channel"),
        (UNSUBSCRIBE, b"channel"),
        (SUBSCRIBE, b"channel"),
    ]
    subscriptions.confirm(b"channel")
    assert (first.confirmed.done(), second.confirmed.done(), subscriptions.settled) == (True, False, False)
    subscriptions.confirm(b"channel")
    assert second.confirmed.done()
    assert subscriptions.settled


async def test_a_room_is_left_when_the_last_caller_gave_up_and_none_got_it() -> None:
    subscriptions = ChannelSubscriptions(lambda: None)
    one, other = (subscriptions.join("room", b"channel") for _ in range(2))
    subscriptions.abandoned(one)
    assert subscriptions.find(b"channel") is other
    subscriptions.abandoned(other)
    assert subscriptions.find(b"channel") is None


async def test_a_room_that_another_caller_got_is_kept() -> None:
    subscriptions = ChannelSubscriptions(lambda: None)
    one, other = (subscriptions.join("room", b"channel") for _ in range(2))
    subscriptions.established(one)
    subscriptions.abandoned(other)
    assert subscriptions.find(b"channel") is one


async def test_after_a_disconnect_pending_subscriptions_fail_and_confirmed_ones_are_renewed() -> None:
    subscriptions = ChannelSubscriptions(lambda: None)
    had, waits, left = (subscriptions.join(name, name.encode()) for name in ("had", "waits", "left"))
    subscriptions.confirm(b"had")
    subscriptions.established(had)
    subscriptions.leave(left)
    subscriptions.disconnected("gone")
    for subscription in (waits, left):
        assert isinstance(subscription.confirmed.exception(), Unavailable)
    subscriptions.connected()
    assert subscriptions.take_changes() == [(SUBSCRIBE, b"had")]
    assert len(subscriptions) == 1
