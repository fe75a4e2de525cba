"""The rate at which a user may send, over all connections."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from service.identity.identity import Identity, guest
from service.identity.send_limits import SendLimits
from tests.service.serving import quick

USER = Identity(user="ann", id="u:ann", kind="verified", scope="u:ann")


def _limits(**settings: float) -> SendLimits:
    return SendLimits(quick(**settings))


def test_all_sessions_of_a_user_share_one_rate() -> None:
    limits = _limits(sends_per_second=2.0, sends_burst=3)
    first, second = limits.find(USER, "here"), limits.find(USER, "there")
    assert [first.take("x", 0.0), second.take("x", 0.0), first.take("x", 0.0)] == [0.0, 0.0, 0.0]
    assert [first.take("x", 0.0), second.take("x", 0.0)] == [0.5, 0.5]
    assert limits.find(USER, "here").take("x", 0.0) == 0.5, "a new session does not begin afresh"
    assert second.take("x", 0.5) == 0.0


def test_bytes_are_limited_beside_messages() -> None:
    limit = _limits(bytes_per_second=1000, frame_bytes=4000).find(USER, "here")
    assert limit.take("😀" * 2000, 0.0) == 0.0
    assert limit.take("x" * 500, 0.0) == 0.5
    assert limit.take("x" * 500, 0.25) == 0.25
    assert limit.take("x" * 500, 0.5) == 0.0


def test_a_frame_may_be_sent_at_once_at_any_rate() -> None:
    limit = _limits(bytes_per_second=1024, frame_bytes=100_000).find(USER, "here")
    assert limit.take("x" * 100_000, 0.0) == 0.0


def test_the_guests_of_an_address_share_ten_rates() -> None:
    limits = _limits(sends_per_second=1.0, sends_burst=1)
    guests = [limits.find(guest(f"guest{number}", f"session{number}"), "here") for number in range(12)]
    assert [limit.take("x", 0.0) for limit in guests] == pytest.approx([0.0] * 10 + [0.1] * 2)
    assert limits.find(guest("other", "session"), "there").take("x", 0.0) == 0.0
    assert limits.find(USER, "here").take("x", 0.0) == 0.0


def test_what_one_rate_refuses_costs_the_other_nothing() -> None:
    limits = _limits(sends_per_second=1.0, sends_burst=1)
    own = limits.find(guest("ann", "session"), "here")
    assert own.take("x", 0.0) == 0.0
    for _ in range(100):
        assert own.take("x", 0.0) == 1.0
    assert limits.find(guest("bob", "another"), "here").take("x", 0.0) == 0.0


def test_a_new_user_evicts_the_one_seen_longest_ago() -> None:
    limits = _limits(sends_per_second=1.0, sends_burst=1)
    limits.find(USER, "here").take("x", 0.0)
    for number in range(10_000):
        limits.find(replace(USER, id=f"u:{number}"), "here")
    assert limits.find(USER, "here").take("x", 0.0) == 0.0
