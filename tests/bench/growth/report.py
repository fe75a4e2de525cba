"""The tables and plots of docs/performance-tables.md about growth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tests.bench.brokers.report import number
from tests.bench.growth.curves import Curve, Found, Point
from tests.bench.growth.lines import Chart, Dot, Line, draw
from tests.bench.growth.sweeps import SWEEPS, Figure, Sweep

_DISTURBED, _BEHIND = "\\*", "†"
# The colour and shape of each server in all plots.
_ORDER: Final = ("hubbub", "gorilla", "centrifuge", "ws")


def markdown(machine: str, found: Found, most: int | None) -> str:
    """Return all tables and remarks; `most`: how many connections this machine allows."""
    lines = [f"{machine}.", *_remarks(found, most), ""]
    for sweep in SWEEPS:
        if found.get(sweep.name):
            lines += [f"**{sweep.name}**: {sweep.description}.", "", *_images(sweep), ""]
            lines += [*_table(sweep, found[sweep.name]), ""]
            failures = [*_failures(sweep, found[sweep.name])]
            lines += [*failures, ""] if failures else []
    return "\n".join(lines)


def plots(machine: str, found: Found) -> Iterator[tuple[str, str]]:
    """Return a plot of every measured figure, by file name."""
    for sweep in SWEEPS:
        for figure in sweep.figures:
            if drawn := draw(_chart(sweep, figure, machine, found.get(sweep.name, {}))):
                yield figure.plot, drawn


def _remarks(found: Found, most: int | None) -> Iterator[str]:
    points = [point for peers in found.values() for curve in peers.values() for point in curve.values()]
    rounds = max((len(point.rounds) for point in points), default=0)
    yield "One round only." if rounds < 2 else f"Medians of {rounds} rounds (lowest to highest)."
    yield "CPU is that of all of a server's processes."
    if any(point.refused for point in points):
        yield "*Refused*: the generator was the bottleneck."
    if any(point.behind for point in points):
        yield f"{_BEHIND} less than 95 % of what was due was delivered in time."
    if any(point.disturbed for point in points):
        yield f"{_DISTURBED} others used more than 10 % of a core meanwhile: no result."
    wanted = max(sweep.connections(step) for sweep in SWEEPS for step in sweep.points)
    if most is not None and most < wanted:
        yield f"Of connections no more than {most:,} fit here (`ulimit -n`)."


def _failures(sweep: Sweep, peers: Mapping[str, Curve]) -> Iterator[str]:
    for peer, curve in peers.items():
        for step, point in curve.items():
            sent_away = f"{point.closed:,} were sent away" if point.closed else ""
            if said := ", ".join(filter(None, (point.word, sent_away))):
                yield f"- {peer}, {step:,} {sweep.across}: {said}."


def _images(sweep: Sweep) -> Iterator[str]:
    for figure in sweep.figures:
        yield f'<img src="plots/{figure.plot}.svg" alt="{figure.title}" width="49%">'


def _table(sweep: Sweep, peers: Mapping[str, Curve]) -> Iterator[str]:
    steps = sorted({step for curve in peers.values() for step in curve})
    yield f"| {sweep.across} | | {' | '.join(f'{step:,}' for step in steps)} |"
    yield f"| --- | --- |{' ---: |' * len(steps)}"
    for figure in sweep.figures:
        named = figure.upward
        for peer, curve in peers.items():
            cells = [_cell(curve.get(step), figure) for step in steps]
            if any(cell not in {"", "-"} for cell in cells):
                yield f"| {named} | {peer} | {' | '.join(cells)} |"
                named = ""


def _cell(point: Point | None, figure: Figure) -> str:
    if point is None:
        return ""
    if point.refused:
        return "refused"
    values = point.values(figure.name)
    if not any(values):
        return "failed" if point.word else "-"
    spread = f" ({number(min(values))}-{number(max(values))})" if len(values) > 1 else ""
    middle = number(point.typical(figure.name) or 0.0)
    marks = [_BEHIND] * point.behind + [_DISTURBED] * point.disturbed
    return " ".join([middle + spread, *marks])


def _chart(sweep: Sweep, figure: Figure, machine: str, peers: Mapping[str, Curve]) -> Chart:
    better = "less is better" if figure.less_is_better else "more is better"
    lines = [
        Line(peer, kind, [*_dots(peers[peer], figure)]) for kind, peer in enumerate(_ORDER) if peer in peers
    ]
    dots = [dot for line in lines for dot in line.dots]
    hollow = "; hollow: others worked on this machine" if any(dot.hollow for dot in dots) else ""
    crossed = "; crossed: fallen behind" if any(dot.crossed for dot in dots) else ""
    return Chart(
        title=figure.title,
        across=sweep.across,
        upward=figure.upward,
        about=f"{better}; logarithmic scales{crossed}{hollow}",
        machine=machine,
        lines=lines,
    )


def _dots(curve: Curve, figure: Figure) -> Iterator[Dot]:
    for step, point in sorted(curve.items()):
        value = point.typical(figure.name)
        # Zero is not on a logarithmic scale.
        if value is not None and value > 0:
            yield Dot(step, value, hollow=point.disturbed, crossed=point.behind)
