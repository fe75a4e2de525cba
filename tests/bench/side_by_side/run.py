"""Put every server under every load, in alternating rounds, and write the figures to build/bench/."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from tests.bench import machine, page
from tests.bench.engine.library import BUILT
from tests.bench.peers.catalogue import PEERS, Peer
from tests.bench.side_by_side import plot, ready, results, rounds, table, targets
from tests.bench.side_by_side.loads import LOADS, Load
from tests.bench.side_by_side.rounds import Round
from tests.bench.side_by_side.servers import NotStarted

_QUICK_PEERS: Final = {"hubbub", "gorilla", "centrifuge", "ws", "floor", "floor-1ms"}
_RESULTS: Final = BUILT / "peers.json"
PART: Final = "side by side"
# With fewer messages than this there is no p99: it would be a single late message. Quick runs accept that.
_FEWEST: Final = 200

Found: TypeAlias = dict[str, dict[str, list[Round]]]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured, and how long: in seconds, and in messages for loads with a rate."""

    loads: Sequence[Load]
    peers: Sequence[Peer]
    rounds: int
    seconds: float
    fewest: int

    def seconds_of(self, load: Load) -> float:
        """Return how long to measure under a load."""
        return max(self.seconds, self.fewest / load.rate) if load.rate else self.seconds


def extent(names: Sequence[str], *, quick: bool, rounds: int | None) -> Extent:
    """Return what to measure: the named loads and peers, or all, or the quick ones."""
    loads = [load for load in LOADS if load.name in names] or [
        load for load in LOADS if load.quick or not quick
    ]
    peers = [peer for peer in PEERS if peer.name in names]
    peers = peers or [peer for peer in PEERS if peer.name in _QUICK_PEERS or not quick]
    seconds, fewest = (1.0, 0) if quick else (3.0, _FEWEST)
    return Extent(loads, peers, rounds or (1 if quick else 5), seconds, fewest)


def measure(wanted: Extent, *, write: bool = False) -> bool:
    """Measure, print and keep the figures; return whether hubbub delivered everything in order.

    `write`: also replace the tables and plots in docs/.
    """
    most, need = ready.connections_allowed(), max(load.rooms * load.members for load in LOADS)
    if most is not None and most < need:
        print(f"only {most} connections may be open (ulimit -n): idle needs {need}", file=sys.stderr)
    machine.pin(0, machine.GENERATOR_CORE)
    there = ready.there(wanted.peers)
    found: Found = {}
    for number in range(wanted.rounds):
        for load in wanted.loads:
            for peer in there:
                if rounds.fits(peer, load):
                    print(f"round {number + 1} of {wanted.rounds}: {load.name}, {peer.name}", file=sys.stderr)
                    _once(peer, load, wanted.seconds_of(load), found)
    about = machine.describe()
    tables = f"{table.markdown(about, LOADS, found)}\n{targets.markdown(found)}"
    _keep(about, tables, found)
    print(tables)
    if write:
        _draw(page.PLOTS, about, found)
        page.write(PART, tables)
    ours = [one for peers in found.values() for one in peers.get(targets.US, ())]
    return all(one.arrived in {None, 1.0} and one.one_order for one in ours)


def print_targets() -> bool:
    """Print which targets the last run reached."""
    if not _RESULTS.exists():
        print("nothing was measured yet: make bench", file=sys.stderr)
        return False
    read = json.loads(_RESULTS.read_text())
    print(read["machine"], targets.markdown(results.from_json(read["loads"])), sep="\n\n")
    return True


def _once(peer: Peer, load: Load, seconds: float, found: Found) -> None:
    try:
        seen = rounds.run(peer, load, seconds)
    except NotStarted as fault:
        print(f"{load.name}: {fault}", file=sys.stderr)
        return
    found.setdefault(load.name, {}).setdefault(peer.name, []).append(seen)


def _keep(about: str, tables: str, found: Found) -> None:
    BUILT.mkdir(parents=True, exist_ok=True)
    read = {"machine": about, "loads": results.to_json(found)}
    _RESULTS.write_text(json.dumps(read, indent=1, ensure_ascii=False) + "\n")
    _RESULTS.with_suffix(".md").write_text(tables)
    _draw(BUILT, about, found)


def _draw(folder: Path, about: str, found: Found) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for wanted in plot.PLOTS:
        if drawn := plot.draw(wanted, found, about):
            (folder / f"{wanted.name}.svg").write_text(drawn)
