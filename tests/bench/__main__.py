"""`python -m tests.bench [name …]`: run the benchmarks, and write the tables to build/bench/."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

from tests.bench import command_start, instructions, machine, report, web_page
from tests.bench.archive import run as archive
from tests.bench.brokers import run as brokers
from tests.bench.growth import run as growth
from tests.bench.loads import LOADS, Load, Round, Scale
from tests.bench.node import ROOT
from tests.bench.peers.catalogue import PEERS
from tests.bench.side_by_side import loads as side_by_side
from tests.bench.side_by_side import run

_FULL: Final = Scale(rounds=5, seconds=3.0)
_QUICK: Final = Scale(rounds=1, seconds=2.0, connections=2000)
_NODE: Final = "node"
_TARGETS: Final = "targets"
_SIDE_BY_SIDE: Final = (*(load.name for load in side_by_side.LOADS), *(peer.name for peer in PEERS))


def main() -> int:
    """Run the named benchmarks, or all side by side; return the exit code."""
    wanted = _arguments()
    quick = wanted.quick or os.environ.get("QUICK", "") not in {"", "0"}
    scale = _QUICK if quick else _FULL
    grown = growth.NAME in wanted.names
    compared = [name for name in wanted.names if name in _SIDE_BY_SIDE and not grown]
    right = True
    if grown:
        right &= growth.measure(
            growth.extent(wanted.names, quick=quick, rounds=wanted.rounds), write=wanted.write
        )
    if _TARGETS in wanted.names:
        right &= run.print_targets()
    if _NODE in wanted.names:
        right &= _measure_node(scale, wanted.rounds or scale.rounds)
    if compared or not wanted.names:
        right &= run.measure(run.extent(compared, quick=quick, rounds=wanted.rounds), write=wanted.write)
    if brokers.NAME in wanted.names or not (wanted.names or quick):
        right &= brokers.measure(quick=quick, rounds=wanted.rounds, write=wanted.write)
    right &= _measure_alone(wanted, quick=quick)
    if archive.NAME in wanted.names:
        right &= archive.measure(
            quick=quick, rounds=wanted.rounds, messages=wanted.messages, write=wanted.write
        )
    return 0 if right else 1


def _measure_alone(wanted: argparse.Namespace, *, quick: bool) -> bool:
    """Run the benchmarks that are part of no other one."""
    right = True
    if command_start.NAME in wanted.names:
        right &= command_start.measure(quick=quick, rounds=wanted.rounds)
    if instructions.NAME in wanted.names:
        right &= instructions.measure(quick=quick, rounds=wanted.rounds, against=wanted.against)
    if web_page.NAME in wanted.names:
        right &= web_page.measure()
    return right


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="name",
        help=f"loads and servers to compare ({', '.join(_SIDE_BY_SIDE)}; default: all), or "
        f"{_TARGETS} (the targets that the last comparison reached), {_NODE} (this service alone), "
        f"{brokers.NAME} (with each of its brokers; part of a full run), {archive.NAME} (with and without an "
        f"archive), {command_start.NAME} (the CPU time of `hubbub-chat send`), {web_page.NAME} (the page in "
        f"Chromium), {instructions.NAME} (of this service alone: they vary less than CPU time), "
        f"{growth.NAME} (costs as load grows; with it {', '.join(growth.NAMES)} or servers, to select those)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="shorter and fewer measurements, as with QUICK=1"
    )
    parser.add_argument("--rounds", type=int, help="how often each load is measured")
    parser.add_argument(
        "--messages", type=int, help=f"of the {archive.NAME}; {archive.MESSAGES:,} by default"
    )
    parser.add_argument(
        "--against",
        metavar="FOLDER",
        help=f"another checkout, with its .venv, beside this one ({instructions.NAME})",
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the figures, except those of node, to docs/performance-tables.md",
    )
    wanted = parser.parse_args()
    parts = {archive.NAME, brokers.NAME, command_start.NAME, growth.NAME, instructions.NAME, web_page.NAME}
    known = {*_SIDE_BY_SIDE, _NODE, _TARGETS, *parts}
    if growth.NAME in wanted.names:
        known = {growth.NAME, *growth.NAMES, *(peer.name for peer in PEERS)}
    if unknown := set(wanted.names) - known:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(sorted(known))}")
    return wanted


def _measure_node(scale: Scale, count: int) -> bool:
    machine.pin(0, machine.GENERATOR_CORE)
    return _write({load: _rounds(load, scale, count) for load in LOADS})


def _rounds(load: Load, scale: Scale, count: int) -> Sequence[Round]:
    found = []
    for number in range(count):
        print(f"{load.name}, round {number + 1} of {count}", file=sys.stderr)
        found.append(load.run(scale))
    return found


def _write(results: dict[Load, Sequence[Round]]) -> bool:
    about = machine.describe()
    table = report.markdown(about, results)
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.md").write_text(table)
    (folder / "results.json").write_text(report.to_json(about, results))
    print(table)
    return all(found.in_order in {None, 1.0} for rounds in results.values() for found in rounds)


if __name__ == "__main__":
    sys.exit(main())
