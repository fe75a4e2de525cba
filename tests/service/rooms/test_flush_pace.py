"""The pace: at once when idle, after a pause when busy, shorter the more entries a flush had."""

from __future__ import annotations

import pytest

from service.rooms.flush_pace import FULL_PAUSE_ENTRIES, FlushPace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_flush_is_not_delayed() -> None:
    assert FlushPace(Clock()).wait() == 0


@pytest.mark.parametrize(
    ("entries", "share"),
    [(1, 1.0), (FULL_PAUSE_ENTRIES, 1.0), (2 * FULL_PAUSE_ENTRIES, 0.5), (100 * FULL_PAUSE_ENTRIES, 0.01)],
)
def test_a_pause_is_as_long_as_the_last_flush_and_shorter_with_many_entries(
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


def test_a_wait_below_the_timer_resolution_is_zero() -> None:
    clock = Clock()
    pace = FlushPace(clock)
    pace.begin()
    clock.now += 0.0001
    pace.end(1)
    assert pace.wait() == 0
