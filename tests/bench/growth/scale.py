"""Logarithmic scales: positions of values, labelled ticks, and room for labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10
from typing import Final

# Ticks within a power of ten: the first of these that leave enough distance are used.
_STEPS: Final = ((1, 2, 5), (1, 3), (1,))
_FINEST: Final = _STEPS[0]


@dataclass(frozen=True, slots=True)
class Scale:
    """A logarithmic scale from `low` to `high`, drawn from `start` to `end`, in pixels."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the position of a value, in pixels."""
        return self.start + (self.end - self.start) * log10(value / self.low) / log10(self.high / self.low)

    def ticks(self, apart: float) -> list[float]:
        """Return the labelled values, at least so many pixels apart if possible."""
        ticks: list[float] = []
        for steps in _STEPS:
            ticks = [value for value in _values(self.low, self.high, steps) if self.low <= value <= self.high]
            places = [self.at(value) for value in ticks]
            if all(abs(later - earlier) >= apart for earlier, later in pairwise(places)):
                break
        return ticks

    def named(self, values: Iterable[float], apart: float) -> list[float]:
        """Return those of the values that can be labelled, so many pixels apart."""
        named: list[float] = []
        for value in sorted(values):
            if not named or abs(self.at(value) - self.at(named[-1])) >= apart:
                named.append(value)
        return named


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """Return round values that enclose all others: 1, 2 or 5 times a power of ten."""
    least, most = min(values), max(values)
    around = _values(least / 10, most * 10, _FINEST)
    low = max(value for value in around if value <= least)
    high = min(value for value in around if value >= most)
    return (low, high) if low < high else (low, max(value for value in around if value <= low * 2.5))


def _values(low: float, high: float, steps: Sequence[int]) -> list[float]:
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    # From text, so that 3 tenths are 0.3 and not the next float.
    return [float(f"{step}e{power}") for power in powers for step in steps]


def label(value: float) -> str:
    """Return a tick's label: 0.2, 50, 20k, 5M."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def spaced(places: Sequence[float], gap: float, most: float) -> list[float]:
    """Move labels down until they are `gap` apart, and up again where that leaves the plot."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = list(places)
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + gap)
    for steps, place in enumerate(reversed(order)):
        moved[place] = min(moved[place], most - steps * gap)
    return moved
