"""The series of one broker as small plots with linear axes, in one SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, log10
from typing import Final

from tests.bench.svg import picture, text
from tests.soak.report import say, series
from tests.soak.samples import COLUMNS, Sample
from tests.soak.trend import Series, after, fit

_WIDTH, _PANEL = 640, 120
_LEFT, _RIGHT, _TOP = 60, 630, 52
_COLOURS: Final = (("#1a7f5a", "#3fb98b"), ("#0969da", "#58a6ff"))
_STYLE: Final = (
    ".back{fill:#fff}.grid{stroke:#d8dee4}.line{fill:none;stroke-width:1.5}.warm{fill:#8c959f;opacity:.15}"
)
_DARK: Final = ".back{fill:#0d1117}.grid{stroke:#262c36}.axis{stroke:#656c76}"
# From so many hours on, the length is in hours.
_HOURS: Final = 2
# At most so many points of a line; each is the mean of the samples that it stands for.
_POINTS: Final = 240


def draw(broker: str, samples: list[Sample], warm_up: float) -> str:
    """Return the plots of one broker."""
    names = list(dict.fromkeys(sample.who for sample in samples))
    end = max(sample.at for sample in samples)
    height = _TOP + len(COLUMNS) * _PANEL + 24
    length = f"{end / 3600:.2g} hours" if end > _HOURS * 3600 else f"{end / 60:.0f} minutes"
    title = f"A soak of {length} on {broker}"
    parts = [
        f'<rect class="back" width="{_WIDTH}" height="{height}" rx="6"/>',
        text(8, 20, title, "title"),
        text(8, 38, "Grey: the warm-up. Each slope after it with its standard error.", "small"),
    ]
    for row, column in enumerate(COLUMNS):
        lines = {name: series(samples, name, column) for name in names}
        parts += _panel(_TOP + row * _PANEL, column, lines, (warm_up, end))
    parts.append(text((_LEFT + _RIGHT) / 2, height - 6, "minutes", "small", "middle"))
    styles = (
        "".join(f".k{k}{{stroke:{pair[page]}}}.f{k}{{fill:{pair[page]}}}" for k, pair in enumerate(_COLOURS))
        for page in (0, 1)
    )
    return picture(_WIDTH, height, title, parts, style=_STYLE + next(styles), dark=_DARK + next(styles))


def _panel(top: float, column: str, lines: dict[str, Series], times: tuple[float, float]) -> Iterator[str]:
    unit = COLUMNS[column][0]
    warm_up, end = times
    highest = _round_up(max(value for line in lines.values() for _, value in line))
    low, high = top + 96, top + 22

    def across(at: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * at / end

    grey = across(min(warm_up, end)) - _LEFT
    yield f'<rect class="warm" x="{_LEFT}" y="{high}" width="{grey:.1f}" height="{low - high}"/>'
    for value in (0.0, highest / 2, highest):
        y = low - (low - high) * value / highest
        yield f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield text(_LEFT - 6, round(y + 4, 1), f"{value:g}", "small", "end")
    for part in range(5):
        yield text(across(end * part / 4), low + 14, f"{end * part / 240:.0f}", "small", "middle")
    yield text(_LEFT, top + 14, unit)
    for kind, (name, line) in enumerate(lines.items()):
        points = [(across(at), low - (low - high) * value / highest) for at, value in _thinned(line)]
        yield f'<path class="line k{kind}" d="M{"L".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
        yield text(180 + 230 * kind, top + 14, f"{name}: {_slope(line, warm_up, unit)}", f"small f{kind}")


def _slope(line: Series, warm_up: float, unit: str) -> str:
    try:
        return say(fit(after(warm_up, line)), unit)
    except ValueError:
        return "too short for a slope"


def _thinned(line: Series) -> Series:
    size = max(1, ceil(len(line) / _POINTS))
    parts: list[Sequence[tuple[float, float]]] = [line[at : at + size] for at in range(0, len(line), size)]
    return [(sum(at for at, _ in part) / len(part), sum(v for _, v in part) / len(part)) for part in parts]


def _round_up(value: float) -> float:
    """Return the next number with one or two digits and zeros."""
    if value <= 0:
        return 1.0
    step = 10.0 ** (ceil(log10(value)) - 1)
    return float(f"{ceil(value / step * 2) / 2 * step:g}")
