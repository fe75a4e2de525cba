"""The pace: at once when idle, as long after a flush as that one took when busy."""

from __future__ import annotations

from service.pace import PACE, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_flush_waits_for_nothing() -> None:
    assert Pace(Clock()).wait() == 0


def test_a_flush_rests_as_long_as_the_one_before_took() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.begin()
    clock.now += 0.5
    assert pace.end() == 0.5
    assert pace.wait() == PACE * 0.5
    clock.now += PACE * 0.25
    assert pace.wait() == PACE * 0.25
    clock.now += PACE * 0.25
    assert pace.wait() == 0


def test_a_wait_that_no_timer_could_keep_is_none() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.begin()
    clock.now += 0.0001
    pace.end()
    assert pace.wait() == 0
