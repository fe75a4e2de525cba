"""Bar plots, as SVG: one plot for each figure, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from statistics import median
from typing import Final

from tests.bench.side_by_side.results import Results, usable
from tests.bench.side_by_side.table import number
from tests.bench.svg import picture, text

_LEFT, _WIDTH, _RIGHT, _ROW, _BAR, _TOP = 110, 420, 130, 24, 14, 58
_STYLE: Final = ".ours{fill:#1a7f5a}.peer{fill:#8c959f}.spread{stroke:#24292f;stroke-width:1.5}"
_DARK: Final = ".ours{fill:#3fb98b}.peer{fill:#6e7681}.spread{stroke:#e6edf3}"


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure of one load, on a logarithmic scale if the servers' values are far apart."""

    name: str
    load: str
    figure: str
    title: str
    less_is_better: bool = True


PLOTS: Final = (
    Plot("echo-deliveries", "echo", "deliveries/s", "Deliveries/s, one room of 900", less_is_better=False),
    Plot("echo-cpu", "echo", "CPU µs/delivery", "CPU for each delivery, saturated, µs"),
    Plot("pace100-cpu", "pace100", "CPU µs/delivery", "CPU for each delivery, 100 messages/s into 900, µs"),
    Plot("pace20-p99", "pace20", "p99 ms", "Latency (p99), 20 messages/s into 900, ms"),
    Plot("small-cpu", "small", "CPU µs/message", "CPU for each message, 1,000 rooms of 3, µs"),
    Plot("idle-memory", "idle", "KiB/connection", "Memory of an idle connection, KiB"),
    Plot("storm", "storm", "connections/s", "Connections/s, 5,000 at once", less_is_better=False),
)


@dataclass(frozen=True, slots=True)
class _Row:
    peer: str
    low: float
    middle: float
    high: float


def draw(plot: Plot, results: Results, about: str) -> str:
    """Return a plot; "" if nothing was measured for it."""
    rows = [*_rows(plot, results)]
    if not rows:
        return ""
    logarithmic = max(row.high for row in rows) > 20 * min(row.low for row in rows)
    height = _TOP + _ROW * len(rows) + 24
    width = _LEFT + _WIDTH + _RIGHT
    better = "less is better" if plot.less_is_better else "more is better"
    scale = ", logarithmic scale" if logarithmic else ""
    if any(found.disturbed for rounds in results[plot.load].values() for found in rounds):
        about = f"Not a result, others worked on this machine meanwhile: {about}"
    parts = [
        text(8, 38, f"{better}{scale}; medians, lines from lowest to highest", "small"),
        *(_bar(row, place, _Scale(rows, logarithmic=logarithmic)) for place, row in enumerate(rows)),
        f'<line class="axis" x1="{_LEFT}" x2="{_LEFT}" y1="{_TOP - 6}" y2="{height - 24}"/>',
        text(8, height - 6, about, "small"),
    ]
    return picture(width, height, plot.title, parts, style=_STYLE, dark=_DARK)


def _rows(plot: Plot, results: Results) -> list[_Row]:
    rows = []
    for peer, rounds in results.get(plot.load, {}).items():
        values = [found.figures[plot.figure] for found in usable(rounds)]
        if values and min(values) > 0:
            rows.append(_Row(peer, min(values), median(values), max(values)))
    return sorted(rows, key=lambda row: row.middle, reverse=not plot.less_is_better)


class _Scale:
    """Return the position of a value, in pixels from the axis."""

    def __init__(self, rows: Sequence[_Row], *, logarithmic: bool) -> None:
        self._most = max(row.high for row in rows)
        # The shortest bar is still visible: a fifth of a power of ten.
        self._least = min(row.low for row in rows) / 1.6 if logarithmic else None

    def at(self, value: float) -> float:
        if self._least is None:
            return _WIDTH * value / self._most
        return _WIDTH * log10(value / self._least) / log10(self._most / self._least)


def _bar(row: _Row, place: int, scale: _Scale) -> str:
    top = _TOP + place * _ROW
    middle, low, high = (scale.at(value) for value in (row.middle, row.low, row.high))
    kind = "ours" if row.peer == "hubbub" else "peer"
    line = top + _BAR / 2
    return (
        f'<text x="{_LEFT - 8}" y="{top + 12}" text-anchor="end">{escape(row.peer)}</text>'
        f'<rect class="{kind}" x="{_LEFT}" y="{top}" width="{middle:.1f}" height="{_BAR}" rx="2"/>'
        f'<line class="spread" x1="{_LEFT + low:.1f}" x2="{_LEFT + high:.1f}" y1="{line}" y2="{line}"/>'
        f'<text x="{_LEFT + high + 8:.1f}" y="{top + 12}">{number(row.middle)}</text>'
    )
