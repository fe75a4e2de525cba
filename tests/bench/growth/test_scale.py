"""The positions of values on a logarithmic scale, and their labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.growth.scale import Scale, bounds, label, spaced


def test_each_power_of_ten_takes_the_same_room() -> None:
    scale = Scale(1, 1000, 0, 300)
    assert [round(scale.at(value), 6) for value in (1, 10, 100, 1000)] == [0, 100, 200, 300]


def test_a_scale_may_go_up_the_picture() -> None:
    assert Scale(1, 100, 300, 100).at(10) == 200


@pytest.mark.parametrize(
    ("apart", "ticks"),
    [(20, [1, 2, 5, 10, 20, 50, 100]), (40, [1, 3, 10, 30, 100]), (90, [1, 10, 100])],
)
def test_ticks_become_fewer_where_there_is_less_room(apart: float, ticks: list[float]) -> None:
    assert Scale(1, 100, 0, 200).ticks(apart) == ticks


def test_measured_values_are_named_where_there_is_room() -> None:
    assert Scale(1, 100, 0, 200).named({100, 1, 99, 10}, 30) == [1, 10, 99]


@given(st.lists(st.floats(1e-4, 1e8), min_size=1))
def test_bounds_stand_around_all_values(values: list[float]) -> None:
    low, high = bounds(values)
    assert low <= min(values)
    assert max(values) <= high
    assert low < high


@pytest.mark.parametrize(
    ("values", "around"), [([0.3, 4.0], (0.2, 5.0)), ([7.0], (5.0, 10.0)), ([5.0], (5.0, 10.0))]
)
def test_bounds_are_round(values: list[float], around: tuple[float, float]) -> None:
    assert bounds(values) == around


@pytest.mark.parametrize(
    ("value", "named"),
    [(0.2, "0.2"), (50, "50"), (999, "999"), (1000, "1k"), (19_800, "19.8k"), (2_500_000, "2.5M")],
)
def test_labels_are_short(value: float, named: str) -> None:
    assert label(value) == named


def test_labels_that_would_touch_are_moved_apart() -> None:
    assert spaced([50, 10, 12], 16, 300) == [50, 10, 26]


def test_labels_do_not_leave_the_picture() -> None:
    assert spaced([98, 10, 100], 16, 100) == [84, 10, 100]
