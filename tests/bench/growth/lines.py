"""Line plots on logarithmic axes, as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final

from tests.bench.growth.scale import Scale, bounds, label, spaced
from tests.bench.svg import picture, text

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 536, 84, 326
# Least distance between two labels, in pixels.
_APART_X, _APART_Y, _LINE = 36, 26, 16
# Margins before the first value and after the last one.
_AIR: Final = 1.15
_STYLE: Final = (
    ".back{fill:#fff}.grid{stroke:#d8dee4}.line{fill:none;stroke-width:2;stroke-linejoin:round}.ours{stroke-width:3}"
    ".dot{stroke-width:2}.hollow{fill:#fff}.name{font-weight:600;paint-order:stroke;stroke:#fff;stroke-width:4;stroke-linejoin:round}"
)
_DARK: Final = ".back,.hollow{fill:#0d1117}.name{stroke:#0d1117}.grid{stroke:#262c36}.axis{stroke:#656c76}"
# By the order of the lines: colours on light and on dark pages that colour-blind people can distinguish.
_COLOURS: Final = (
    ("#1a7f5a", "#3fb98b"),
    ("#0969da", "#58a6ff"),
    ("#bc4c00", "#f0883e"),
    ("#8250df", "#bc8cff"),
)
_SHAPES: Final = (
    "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",
    "M-4,-4h8v8h-8z",
    "M0,-5L5,4H-5z",
    "M0,-5.5L5.5,0L0,5.5L-5.5,0z",
)
_CROSS: Final = "M-8,-8L8,8M-8,8L8,-8"


@dataclass(frozen=True, slots=True)
class Dot:
    """A value. `hollow`: unreliable; `crossed`: the end of the line."""

    x: float
    y: float
    hollow: bool = False
    crossed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One server's values; `kind` selects its colour and shape, which are the same in all plots."""

    name: str
    kind: int
    dots: Sequence[Dot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Lines with their labels; `about` explains the marks, `machine` where they were measured."""

    title: str
    across: str
    upward: str
    about: str
    machine: str
    lines: Sequence[Line]


def draw(chart: Chart) -> str:
    """Return the plot; "" if it has no values."""
    dots = [dot for line in chart.lines for dot in line.dots]
    if not dots:
        return ""
    low, high = bounds([dot.y for dot in dots])
    across = Scale(min(dot.x for dot in dots) / _AIR, max(dot.x for dot in dots) * _AIR, _LEFT, _RIGHT)
    upward = Scale(low, high, _BOTTOM, _TOP)
    lines = [line for line in chart.lines if line.dots]
    parts = [
        *_around(chart),
        *_grid(across, upward, {dot.x for dot in dots}),
        # The first line on top.
        *(part for line in reversed(lines) for part in _line(line, across, upward)),
        *_legend(lines),
        *_names(lines, across, upward),
    ]
    return picture(_WIDTH, _HEIGHT, chart.title, parts, style=_STYLE + _colours(0), dark=_DARK + _colours(1))


def _colours(page: int) -> str:
    return "".join(
        f".k{kind}{{stroke:{colours[page]}}}.f{kind}{{fill:{colours[page]}}}"
        for kind, colours in enumerate(_COLOURS)
    )


def _around(chart: Chart) -> Iterator[str]:
    middle = (_TOP + _BOTTOM) / 2
    yield f'<rect class="back" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
    # Repeated, because the background would cover it.
    yield text(8, 20, chart.title, "title")
    yield text(8, 38, chart.about, "small")
    yield text((_LEFT + _RIGHT) / 2, _BOTTOM + 40, chart.across, anchor="middle")
    yield f'<g transform="rotate(-90 18 {middle:g})">{text(18, middle, chart.upward, anchor="middle")}</g>'
    yield text(8, _HEIGHT - 8, chart.machine, "small")


def _grid(across: Scale, upward: Scale, measured: Iterable[float]) -> Iterator[str]:
    for value in upward.ticks(_APART_Y):
        y = upward.at(value)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield text(_LEFT - 8, round(y + 4, 1), label(value), "small", "end")
    for value in across.named(measured, _APART_X):
        x = across.at(value)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_BOTTOM}"/>'
        yield text(round(x, 1), _BOTTOM + 18, label(value), "small", "middle")
    yield f'<path class="axis" fill="none" d="M{_LEFT},{_TOP}V{_BOTTOM}H{_RIGHT}"/>'


def _line(line: Line, across: Scale, upward: Scale) -> Iterator[str]:
    places = [(across.at(dot.x), upward.at(dot.y)) for dot in line.dots]
    path = "L".join(f"{x:.1f},{y:.1f}" for x, y in places)
    ours = " ours" if line.kind == 0 else ""
    yield f'<path class="line k{line.kind}{ours}" d="M{path}"/>'
    for dot, (x, y) in zip(line.dots, places, strict=True):
        said = escape(f"{line.name}: {dot.y:.3g} at {dot.x:g}")
        mark = _mark(line.kind, dot)
        yield f'<g transform="translate({x:.1f},{y:.1f})"><title>{said}</title>{mark}</g>'


def _mark(kind: int, dot: Dot) -> str:
    fill = "hollow" if dot.hollow else f"f{kind}"
    cross = f'<path class="dot k{kind}" d="{_CROSS}"/>' if dot.crossed else ""
    return f'<path class="dot k{kind} {fill}" d="{_SHAPES[kind]}"/>{cross}'


def _legend(lines: Sequence[Line]) -> Iterator[str]:
    x = _LEFT
    for line in lines:
        yield f'<path class="line k{line.kind}" d="M{x},60h26"/>'
        yield f'<g transform="translate({x + 13},60)">{_mark(line.kind, Dot(0, 0))}</g>'
        yield text(x + 34, 64, line.name)
        x += 34 + 9 * len(line.name) + 24


def _names(lines: Sequence[Line], across: Scale, upward: Scale) -> Iterator[str]:
    """Label each line at its end, with its last value."""
    for end, column in groupby(sorted(lines, key=_end), _end):
        ending = list(column)
        heights = spaced([upward.at(line.dots[-1].y) for line in ending], _LINE, _BOTTOM)
        for line, y in zip(ending, heights, strict=True):
            said = f"{line.name} {label(float(f'{line.dots[-1].y:.2g}'))}"
            yield text(round(across.at(end) + 12, 1), round(y + 4, 1), said, f"small name f{line.kind}")


def _end(line: Line) -> float:
    return line.dots[-1].x
