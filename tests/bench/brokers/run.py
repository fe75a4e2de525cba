"""All measurements with each broker: throughput, added latency, and the cost of a fault."""

from __future__ import annotations

import sys
from typing import Final

from tests.bench import machine, page
from tests.bench.brokers import death, latency, repair, report, through
from tests.bench.brokers.finding import Finding
from tests.bench.loads import Scale
from tests.bench.node import ROOT

NAME: Final = "brokers"
_FULL: Final = Scale(rounds=5, seconds=3.0)
_QUICK: Final = Scale(rounds=1, seconds=1.0)


def measure(*, quick: bool, rounds: int | None, write: bool) -> bool:
    """Measure, print the tables, keep them in build/bench/; return whether all deliveries were correct.

    Args:
        quick: one short round, unless `rounds` is given.
        rounds: how often each load is measured.
        write: also replace the tables in docs/performance-tables.md.
    """
    scale = _QUICK if quick else _FULL
    count = rounds or scale.rounds
    machine.pin(0, machine.GENERATOR_CORE)
    found: dict[str, list[list[Finding]]] = {}
    for load in (through, latency, repair, death):
        name = load.__name__.rpartition(".")[2]
        for number in range(count):
            print(f"{NAME}: {name}, round {number + 1} of {count}", file=sys.stderr)
            found.setdefault(name, []).append(list(load.run(scale)))
    about = machine.describe()
    tables = report.markdown(about, found)
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "brokers.md").write_text(tables)
    (folder / "brokers.json").write_text(report.to_json(about, found))
    print(tables)
    if write:
        page.write(NAME, tables)
    return report.right(found)
