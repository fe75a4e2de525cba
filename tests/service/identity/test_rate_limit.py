"""Token buckets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.identity.rate_limit import ScopedRateLimit, TokenBucket

rates = st.floats(0.01, 10_000)
bursts = st.integers(1, 1000)
steps = st.lists(st.floats(0, 100), max_size=200)


def test_a_burst_is_granted_at_once_and_no_more() -> None:
    bucket = TokenBucket(rate=2, burst=3)
    assert [bucket.take(100.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]


def test_a_rejected_take_costs_nothing() -> None:
    bucket = TokenBucket(rate=2, burst=1)
    bucket.take(0.0)
    assert [bucket.take(0.25), bucket.take(0.25)] == [0.25, 0.25]


def test_an_idle_bucket_fills_up_to_its_burst() -> None:
    bucket = TokenBucket(rate=1, burst=2)
    bucket.take(0.0)
    assert [bucket.take(1_000_000.0) for _ in range(3)] == [0.0, 0.0, 1.0]


def test_a_clock_may_start_anywhere() -> None:
    assert TokenBucket(rate=1, burst=1).take(-5.0) == 0.0


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0.5), (float("nan"), 1), (1, float("nan"))])
def test_a_bucket_that_would_never_grant_is_rejected(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="the rate must be above 0"):
        TokenBucket(rate, burst)


@given(rates, bursts, steps)
def test_no_more_than_burst_and_rate_is_ever_granted(rate: float, burst: int, waits: list[float]) -> None:
    bucket, now, granted = TokenBucket(rate, burst), 0.0, 0
    for wait in waits:
        now += wait
        granted += bucket.take(now) == 0.0
        assert granted <= burst + rate * now + 0.02


@given(rates, bursts, st.floats(0, 1e7))
def test_a_client_that_waits_as_long_as_asked_is_granted(rate: float, burst: int, start: float) -> None:
    bucket, now = TokenBucket(rate, burst), start
    for _ in range(burst + 20):
        wait = bucket.take(now)
        if wait:
            now += wait
            assert bucket.take(now) == 0.0


def test_each_scope_has_a_bucket_and_the_one_used_longest_ago_is_forgotten() -> None:
    limit = ScopedRateLimit(rate=1, burst=1, max_scopes=2)
    assert limit.take("ann", 0.0) == 0.0
    assert limit.take("bob", 0.0) == 0.0, "each has a bucket of its own"
    assert limit.take("ann", 0.0) == 1.0
    assert limit.take("eve", 0.0) == 0.0
    assert limit.take("ann", 0.0) == 1.0
    assert limit.take("bob", 0.0) == 0.0
