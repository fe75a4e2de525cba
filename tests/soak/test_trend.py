"""A slope is judged with its error: a short or noisy series decides nothing."""

from __future__ import annotations

from random import Random

import pytest

from tests.soak.trend import Series, Verdict, after, fit

HOUR = 3600


def noisy(hours: float, *, growth: float, noise: float, memory: float = 0.9) -> Series:
    """Return a series whose noise depends on the sample before."""
    chance, drift, made = Random(7), 0.0, []  # noqa: S311 (repeatable, not secret)
    for second in range(0, int(hours * HOUR), 10):
        drift = memory * drift + chance.gauss(0, noise)
        made.append((float(second), 100 + growth * second / HOUR + drift))
    return made


def test_a_line_has_its_slope_and_no_error() -> None:
    found = fit(noisy(2, growth=3, noise=0))
    assert found.slope == pytest.approx(3)
    assert found.error == pytest.approx(0, abs=1e-9)


def test_hours_decide_what_minutes_leave_open() -> None:
    assert fit(noisy(6, growth=0, noise=1)).verdict(limit=2) is Verdict.FLAT
    assert fit(noisy(6, growth=5, noise=1)).verdict(limit=2) is Verdict.GROWS
    assert fit(noisy(0.2, growth=0, noise=1)).verdict(limit=2) is Verdict.UNDECIDED


def test_a_series_that_shrinks_is_flat() -> None:
    assert fit(noisy(6, growth=-5, noise=1)).verdict(limit=2) is Verdict.FLAT


def test_the_error_covers_the_true_slope_although_samples_depend_on_each_other() -> None:
    found = fit(noisy(6, growth=1, noise=1, memory=0.95))
    assert abs(found.slope - 1) < 3 * found.error


def test_a_series_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="31 samples are too few for 16 parts of two"):
        fit([(float(second), 0.0) for second in range(31)])


def test_the_warm_up_is_left_out() -> None:
    assert after(20, [(10.0, 1.0), (20.0, 2.0), (30.0, 3.0)]) == [(20.0, 2.0), (30.0, 3.0)]
