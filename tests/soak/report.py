"""The verdicts about all series of a soak."""

from __future__ import annotations

from collections.abc import Iterable

from tests.soak.samples import COLUMNS, Sample
from tests.soak.trend import Series, Trend, Verdict, after, fit


def series(samples: Iterable[Sample], who: str, column: str) -> Series:
    """Return one column of one process, in the unit of its plots."""
    size = COLUMNS[column][1]
    return [(sample.at, sample.values[column] / size) for sample in samples if sample.who == who]


def judge(samples: list[Sample], warm_up: float) -> tuple[list[str], bool]:
    """Return a line for each process and column, and whether one of them grows."""
    lines, grows = [], False
    for who in dict.fromkeys(sample.who for sample in samples):
        for column, (unit, _, limit) in COLUMNS.items():
            try:
                trend = fit(after(warm_up, series(samples, who, column)))
            except ValueError as error:
                lines.append(f"  {who} {column}: {error}")
                continue
            verdict = trend.verdict(limit)
            grows |= verdict is Verdict.GROWS
            lines.append(f"  {who} {column}: {say(trend, unit)}, {verdict} (up to {limit:g}/h)")
    return lines, grows


def say(trend: Trend, unit: str) -> str:
    """Return a slope with its standard error."""
    return f"{trend.slope:+.2g} ± {trend.error:.2g} {unit}/h"
