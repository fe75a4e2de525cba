"""Whether a series is flat: its slope by least squares, and the standard error of that slope.

Successive samples depend on each other, so the error of a fit through all of them would be far too small.
The fit goes through the means of a few equal parts instead, which are much longer than what connects samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import fmean
from typing import Final, TypeAlias

Series: TypeAlias = Sequence[tuple[float, float]]

_PARTS: Final = 16
# Two standard errors on either side, with the factor of Student's t for 14 degrees of freedom.
_ERRORS: Final = 2.145
_HOUR: Final = 3600.0


class Verdict(StrEnum):
    """What a slope and its error say about a limit."""

    FLAT = "flat"
    GROWS = "grows"
    UNDECIDED = "too short to decide"


@dataclass(frozen=True, slots=True)
class Trend:
    """A slope in units per hour, and its standard error."""

    slope: float
    error: float

    def verdict(self, limit: float) -> Verdict:
        """Compare the 95 % interval of the slope with the growth per hour that is still flat."""
        if self.slope - _ERRORS * self.error > limit:
            return Verdict.GROWS
        return Verdict.FLAT if self.slope + _ERRORS * self.error <= limit else Verdict.UNDECIDED


def after(warm_up: float, series: Series) -> Series:
    """Return the part of a series after its warm-up (seconds)."""
    return [(at, value) for at, value in series if at >= warm_up]


def fit(series: Series) -> Trend:
    """Fit a line through a series; there must be at least two samples for each part.

    Raises:
        ValueError: the series is too short.
    """
    size = len(series) // _PARTS
    if size < 2:
        raise ValueError(f"{len(series)} samples are too few for {_PARTS} parts of two")
    parts = [series[start : start + size] for start in range(len(series) % _PARTS, len(series), size)]
    times = [fmean(at for at, _ in part) / _HOUR for part in parts]
    values = [fmean(value for _, value in part) for part in parts]
    middle, level = fmean(times), fmean(values)
    spread = sum((time - middle) ** 2 for time in times)
    slope = sum((t - middle) * (v - level) for t, v in zip(times, values, strict=True)) / spread
    rest = sum((v - level - slope * (t - middle)) ** 2 for t, v in zip(times, values, strict=True))
    return Trend(slope, sqrt(rest / (len(parts) - 2) / spread))
