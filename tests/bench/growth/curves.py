"""The figures, point by point: which of them may be used, and the remarks about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TypeAlias

from tests.bench.growth.sweeps import fallen_behind
from tests.bench.side_by_side.loads import Load
from tests.bench.side_by_side.rounds import Round


@dataclass(slots=True)
class Point:
    """All rounds of one server at one point.

    Attributes:
        word: why there is no round, or no further one.
        behind: whether it couldn't keep the pace in one of them.
    """

    rounds: list[Round] = field(default_factory=list)
    word: str = ""
    behind: bool = False

    def take(self, load: Load, found: Round) -> None:
        """Add a round of a load, and its remarks about the server."""
        if found.closed >= load.rooms * load.members:
            # The counters of a server that ended are meaningless.
            self.word = "it ended, or closed all connections"
            return
        self.rounds.append(found)
        if found.figures["came"] < 1:
            self.word = f"only {found.figures['came']:.1%} came"
        elif load.arrives:
            return
        elif not found.figures["deliveries/s"]:
            self.word = "nothing was delivered"
        else:
            self.behind |= fallen_behind(load, found.figures["deliveries/s"], found.closed)

    def add(self, other: Point) -> None:
        """Add the rounds of another run at the same point."""
        self.rounds += other.rounds
        self.word = self.word or other.word
        self.behind |= other.behind

    def values(self, figure: str) -> list[float]:
        """Return a figure of all usable rounds that have it."""
        return [found.figures[figure] for found in self._used if figure in found.figures]

    def typical(self, figure: str) -> float | None:
        """Return the median; None if there are no values."""
        values = self.values(figure)
        return median(values) if values else None

    @property
    def refused(self) -> bool:
        """Whether the generator was the bottleneck in all rounds."""
        return bool(self.rounds) and not self._used

    @property
    def disturbed(self) -> bool:
        """Whether other processes disturbed a usable round."""
        return any(found.disturbed for found in self._used)

    @property
    def closed(self) -> int:
        """The number of members that the server closed, in the worst round."""
        return max((found.closed for found in self.rounds), default=0)

    @property
    def _used(self) -> list[Round]:
        # The cost of a new connection doesn't depend on their rate.
        return [found for found in self.rounds if found.arrived is None or not found.refused]


# Sweep, server, point.
Curve: TypeAlias = Mapping[int, Point]
Found: TypeAlias = Mapping[str, Mapping[str, Curve]]


def at_its_end(curve: Curve) -> bool:
    """Return whether a server is not measured at further points: it failed, or couldn't keep the pace.

    While other processes use the machine, any server may be late once, so it is measured again.
    """
    behind = [point for point in curve.values() if point.behind]
    failed = any(point.word for point in curve.values())
    return failed or len(behind) > 1 or any(not point.disturbed for point in behind)


def to_json(machine: str, found: Found) -> str:
    """Return all rounds as JSON."""
    sweeps = {
        sweep: {peer: {at: asdict(point) for at, point in curve.items()} for peer, curve in peers.items()}
        for sweep, peers in found.items()
    }
    return json.dumps({"machine": machine, "growth": sweeps}, indent=1, ensure_ascii=False) + "\n"


def right(found: Found, ours: str) -> bool:
    """Return whether everything that our server accepted arrived, once and in one order."""
    points = [point for peers in found.values() for point in peers.get(ours, {}).values()]
    whole = all(one.arrived in {None, 1.0} and one.one_order for point in points for one in point.rounds)
    return whole and not any(point.word for point in points)
