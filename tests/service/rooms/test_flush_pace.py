"""The pace: at once when idle, after a rest when busy, which is the shorter the more a flush had."""

from __future__ import annotations

import pytest

from service.rooms.flush_pace import FEW, FlushPace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_flush_waits_for_nothing() -> None:
    assert FlushPace(Clock()).wait() == 0


@pytest.mark.parametrize(("entries", "share"), [(1, 1.0), (FEW, 1.0), (2 * FEW, 0.5), (100 * FEW, 0.01)])
def test_a_flush_rests_as_long_as_the_one_before_took_less_with_many_entries(
    entries: int, share: float
) -> None:
    clock = Clock()
    pace = FlushPace(clock)
    pace.begin()
    clock.now += 0.5
    assert pace.end(entries) == 0.5
    rest = 0.5 * share
    assert pace.wait() == pytest.approx(rest)
    clock.now += rest / 2
    assert pace.wait() == pytest.approx(rest / 2)
    clock.now += rest / 2
    assert pace.wait() == 0


def test_a_wait_that_no_timer_could_keep_is_none() -> None:
    clock = Clock()
    pace = FlushPace(clock)
    pace.begin()
    clock.now += 0.0001
    pace.end(1)
    assert pace.wait() == 0
