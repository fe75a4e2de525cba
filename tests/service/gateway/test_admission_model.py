"""What admission promises, whoever comes in whatever order: on a clock that the model sets."""

from __future__ import annotations

from heapq import heappop, heappush

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.gateway.admission import BOOKED, GRACE, LONGEST, Admission
from service.runtime.metrics import Metrics
from tests.service.serving import quick

rates = st.sampled_from([0.3, 7.0, 100.0, 1000.0])
bursts = st.sampled_from([1, 2, 5, 200])
# How many newcomers come at once, and how long after those before them, in parts of the interval.
waves = st.lists(st.tuples(st.integers(1, 60), st.floats(0, 40)), min_size=1, max_size=40)


class Storm:
    """Newcomers, and those who were told a time and come back `late` seconds behind it, if at all."""

    def __init__(self, rate: float, burst: int, late: float = 0.0, absent: int = 0) -> None:
        settings = quick(admissions_per_second=rate, admissions_burst=burst)
        self.now = 1000.0
        self.rate = rate
        self.burst = burst
        self.late = late
        self.admission = Admission(settings, Metrics(), clock=lambda: self.now)
        self.let_in: list[float] = []
        self.refused_at_their_time = 0
        self.told = 0
        self._absent = absent
        self._coming: list[float] = []

    def newcomers(self, count: int, after: float) -> None:
        self.until(self.now + after)
        for _ in range(count):
            wait = self.admission.ask()
            assert wait <= LONGEST
            if not wait:
                self.let_in.append(self.now)
            elif wait <= BOOKED:
                self.told += 1
                if not self._absent or self.told % self._absent:
                    heappush(self._coming, self.now + wait + self.late)

    def until(self, time: float) -> None:
        while self._coming and self._coming[0] <= time:
            self.now = max(self.now, heappop(self._coming))
            if self.admission.ask(booked=True):
                self.refused_at_their_time += 1
            else:
                self.let_in.append(self.now)
        self.now = max(self.now, time)

    def finish(self) -> None:
        self.until(self.now + LONGEST + self.late)

    def check_rate(self) -> None:
        for count in {1, 10, len(self.let_in)}:
            for first, last in zip(self.let_in, self.let_in[count - 1 :], strict=False):
                assert count <= self.burst + self.rate * (last - first) + 1e-3


@given(rates, bursts, waves)
def test_who_comes_at_the_time_that_was_booked_is_let_in(
    rate: float, burst: int, coming: list[tuple[int, float]]
) -> None:
    storm = Storm(rate, burst)
    for count, after in coming:
        storm.newcomers(count, after / rate)
    storm.finish()
    assert not storm.refused_at_their_time
    storm.check_rate()


@given(bursts, st.floats(0, 1), waves)
def test_who_is_as_late_as_the_others_is_let_in_too(
    burst: int, late: float, coming: list[tuple[int, float]]
) -> None:
    storm = Storm(100.0, burst, late=late * min(GRACE, burst / 2 / 100.0))
    for count, after in coming:
        storm.newcomers(count, after / 100.0)
    storm.finish()
    assert not storm.refused_at_their_time
    storm.check_rate()


@pytest.mark.parametrize("absent", [1, 2, 3])
@pytest.mark.parametrize("burst", [2, 20, 200])
def test_what_the_absent_leave_is_used_by_others(burst: int, absent: int) -> None:
    storm = Storm(100.0, burst, absent=absent)
    for _ in range(1000):
        storm.newcomers(3, 0.01)
    seconds = 1000 * 0.01
    assert len(storm.let_in) >= 100.0 * seconds - burst
    assert not storm.refused_at_their_time
    storm.check_rate()
