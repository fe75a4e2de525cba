"""The guarantees of admission, for any order of clients, on a simulated clock."""

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
# The newcomers of each wave, and the time since the wave before, in parts of the interval.
waves = st.lists(st.tuples(st.integers(1, 60), st.floats(0, 40)), min_size=1, max_size=40)


class Storm:
    """Newcomers, and rejected clients that return `late` seconds after their slot, or are absent."""

    def __init__(self, rate: float, burst: int, late: float = 0.0, absent: int = 0) -> None:
        settings = quick(admissions_per_second=rate, admissions_burst=burst)
        self.now = 1000.0
        self.rate = rate
        self.burst = burst
        self.late = late
        self.admission = Admission(settings, Metrics(), clock=lambda: self.now)
        self.admitted: list[float] = []
        self.rejected_at_their_slot = 0
        self.booked = 0
        self._absent = absent
        self._returning: list[float] = []

    def newcomers(self, count: int, after: float) -> None:
        self.until(self.now + after)
        for _ in range(count):
            wait = self.admission.take()
            assert wait <= LONGEST
            if not wait:
                self.admitted.append(self.now)
            elif wait <= BOOKED:
                self.booked += 1
                if not self._absent or self.booked % self._absent:
                    heappush(self._returning, self.now + wait + self.late)

    def until(self, time: float) -> None:
        while self._returning and self._returning[0] <= time:
            self.now = max(self.now, heappop(self._returning))
            if self.admission.take(booked=True):
                self.rejected_at_their_slot += 1
            else:
                self.admitted.append(self.now)
        self.now = max(self.now, time)

    def finish(self) -> None:
        self.until(self.now + LONGEST + self.late)

    def check_rate(self) -> None:
        for count in {1, 10, len(self.admitted)}:
            for first, last in zip(self.admitted, self.admitted[count - 1 :], strict=False):
                assert count <= self.burst + self.rate * (last - first) + 1e-3


@given(rates, bursts, waves)
def test_a_client_that_returns_at_its_booked_slot_is_admitted(
    rate: float, burst: int, arrivals: list[tuple[int, float]]
) -> None:
    storm = Storm(rate, burst)
    for count, after in arrivals:
        storm.newcomers(count, after / rate)
    storm.finish()
    assert not storm.rejected_at_their_slot
    storm.check_rate()


@given(bursts, st.floats(0, 1), waves)
def test_clients_that_are_equally_late_are_admitted(
    burst: int, late: float, arrivals: list[tuple[int, float]]
) -> None:
    storm = Storm(100.0, burst, late=late * min(GRACE, burst / 2 / 100.0))
    for count, after in arrivals:
        storm.newcomers(count, after / 100.0)
    storm.finish()
    assert not storm.rejected_at_their_slot
    storm.check_rate()


@pytest.mark.parametrize("absent", [1, 2, 3])
@pytest.mark.parametrize("burst", [2, 20, 200])
def test_slots_of_absent_clients_are_used_by_others(burst: int, absent: int) -> None:
    storm = Storm(100.0, burst, absent=absent)
    for _ in range(1000):
        storm.newcomers(3, 0.01)
    seconds = 1000 * 0.01
    assert len(storm.admitted) >= 100.0 * seconds - burst
    assert not storm.rejected_at_their_slot
    storm.check_rate()
