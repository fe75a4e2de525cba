"""`python -m tests.bench [load …]`: put the server under load, and write the table to build/bench/."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Final

from tests.bench import machine, report
from tests.bench.brokers import run as brokers
from tests.bench.loads import LOADS, Load, Round, Scale
from tests.bench.node import ROOT

_FULL: Final = Scale(rounds=5, seconds=3.0)
_QUICK: Final = Scale(rounds=1, seconds=2.0, connections=2000)


def main() -> int:
    """Run the loads that were asked for, all of them if none was; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    names = [*(load.name for load in LOADS), brokers.NAME]
    parser.add_argument("loads", nargs="*", metavar="load", help="of " + ", ".join(names))
    parser.add_argument("--rounds", type=int, help="how often each load is measured")
    parser.add_argument(
        "--write", action="store_true", help=f"put the figures of {brokers.NAME} into docs/performance.md"
    )
    wanted = parser.parse_args()
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    scale = _QUICK if quick else _FULL
    chosen = [load for load in LOADS if not wanted.loads or load.name in wanted.loads]
    if unknown := set(wanted.loads) - set(names):
        parser.error(f"no load is named {', '.join(sorted(unknown))}; the loads are {', '.join(names)}")
    machine.pin(0, machine.GENERATOR_CORE)
    results = {load: _rounds(load, scale, wanted.rounds or scale.rounds) for load in chosen}
    right = _write(results) if results else True
    if not wanted.loads or brokers.NAME in wanted.loads:
        right &= brokers.measure(scale, wanted.rounds or scale.rounds, write=wanted.write)
    return 0 if right else 1


def _rounds(load: Load, scale: Scale, count: int) -> list[Round]:
    found = []
    for number in range(count):
        print(f"{load.name}, round {number + 1} of {count}", file=sys.stderr)
        found.append(load.run(scale))
    return found


def _write(results: dict[Load, list[Round]]) -> bool:
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
