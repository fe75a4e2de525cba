"""Measure the cost as rooms, rates and connections grow, and write it to build/bench/."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from tests.bench import machine, page
from tests.bench.engine.library import BUILT
from tests.bench.growth import report
from tests.bench.growth.curves import Found, Point, at_its_end, right, to_json
from tests.bench.growth.sweeps import SWEEPS, Sweep, fitting
from tests.bench.peers.catalogue import PEERS, Peer
from tests.bench.side_by_side import ready, rounds
from tests.bench.side_by_side.servers import NotStarted
from tests.bench.side_by_side.targets import US

NAME: Final = "growth"
NAMES: Final = tuple(sweep.name for sweep in SWEEPS)
_QUICK_SECONDS: Final = 1.0

_Points: TypeAlias = dict[str, dict[int, Point]]


@dataclass(frozen=True, slots=True)
class Extent:
    """What is measured: the sweeps, and the servers for each of them."""

    sweeps: Sequence[Sweep]
    peers: Sequence[Peer]
    rounds: int
    quick: bool


def extent(names: Sequence[str], *, quick: bool, rounds: int | None) -> Extent:
    """Return what to measure: the named sweeps and servers, or all."""
    sweeps = [sweep for sweep in SWEEPS if sweep.name in names] or [*SWEEPS]
    peers = [peer for peer in PEERS if peer.name in names] or [*PEERS]
    return Extent(sweeps, peers, rounds or 1, quick)


def measure(wanted: Extent, *, write: bool) -> bool:
    """Measure, print the tables, keep them in build/bench/; return whether hubbub delivered all in order.

    `write`: also replace the tables and plots in docs/.
    """
    most = ready.connections_allowed()
    machine.pin(0, machine.GENERATOR_CORE)
    belonging = {name for sweep in wanted.sweeps for name in sweep.peers}
    there = ready.there(peer for peer in wanted.peers if peer.name in belonging)
    found = {sweep.name: _grow(sweep, there, wanted, most) for sweep in wanted.sweeps}
    _keep(found, most, write=write)
    return right(found, US)


def _grow(sweep: Sweep, there: Iterable[Peer], wanted: Extent, most: int | None) -> _Points:
    peers = [peer for peer in there if peer.name in sweep.peers]
    steps = fitting(sweep, sweep.quick if wanted.quick else sweep.points, most)
    found: _Points = {peer.name: {} for peer in peers}
    for number in range(wanted.rounds):
        curves: _Points = {peer.name: {} for peer in peers}
        for step in steps:
            for peer in peers:
                if not at_its_end(curves[peer.name]):
                    where = f"round {number + 1} of {wanted.rounds}"
                    print(f"{where}: {sweep.name} {step}, {peer.name}", file=sys.stderr)
                    curves[peer.name][step] = _measure(sweep, step, peer, quick=wanted.quick)
        for name, curve in curves.items():
            for step, point in curve.items():
                found[name].setdefault(step, Point()).add(point)
    return found


def _measure(sweep: Sweep, step: int, peer: Peer, *, quick: bool) -> Point:
    load, seconds = sweep.load(step)
    if not peer.pings:
        load = replace(load, rest=0)
    point = Point()
    try:
        point.take(load, rounds.run(peer, load, min(seconds, _QUICK_SECONDS) if quick else seconds))
    except (NotStarted, OSError, RuntimeError) as fault:
        # Also a server that ended meanwhile: Linux has no counters for it any more.
        point.word = str(fault)
    return point


def _keep(found: Found, most: int | None, *, write: bool) -> None:
    about = machine.describe()
    tables = report.markdown(about, found, most)
    BUILT.mkdir(parents=True, exist_ok=True)
    (BUILT / f"{NAME}.json").write_text(to_json(about, found))
    (BUILT / f"{NAME}.md").write_text(tables)
    _draw(BUILT, about, found)
    print(tables)
    if write:
        _draw(page.PLOTS, about, found)
        page.write(NAME, tables)


def _draw(folder: Path, about: str, found: Found) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in report.plots(about, found):
        (folder / f"{name}.svg").write_text(drawn)
