"""What was found, point by point: what of it may be used, and what is to be said about it."""

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
        word: why there is no round, or no other.
        behind: whether it couldn't keep the pace in one of them.
    """

    rounds: list[Round] = field(default_factory=list)
    word: str = ""
    behind: bool = False

    def take(self, load: Load, found: Round) -> None:
        """Take in one more round of a load, and what it says about the server."""
        if found.closed >= load.rooms * load.members:
            # What is counted of a server that ended says nothing.
            self.word = "it ended, or sent everybody away"
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
        """Take in what another round found at the same point."""
        self.rounds += other.rounds
        self.word = self.word or other.word
        self.behind |= other.behind

    def values(self, figure: str) -> list[float]:
        """List a figure of all rounds that may be used and have it."""
        return [found.figures[figure] for found in self._used if figure in found.figures]

    def typical(self, figure: str) -> float | None:
        """Take the median; None if there's nothing."""
        values = self.values(figure)
        return median(values) if values else None

    @property
    def refused(self) -> bool:
        """Whether the generator was the bottleneck in all rounds."""
        return bool(self.rounds) and not self._used

    @property
    def disturbed(self) -> bool:
        """Whether others worked on the machine in one that is used."""
        return any(found.disturbed for found in self._used)

    @property
    def closed(self) -> int:
        """How many members the server sent away, in the worst round."""
        return max((found.closed for found in self.rounds), default=0)

    @property
    def _used(self) -> list[Round]:
        # What those cost who only come doesn't depend on how fast they do.
        return [found for found in self.rounds if found.arrived is None or not found.refused]


# Sweep, server, point.
Curve: TypeAlias = Mapping[int, Point]
Found: TypeAlias = Mapping[str, Mapping[str, Curve]]


def at_its_end(curve: Curve) -> bool:
    """Tell whether a server is asked for no more: it failed, or couldn't keep the pace.

    While others work on the machine any server may be late once, so then it's asked again.
    """
    behind = [point for point in curve.values() if point.behind]
    failed = any(point.word for point in curve.values())
    return failed or len(behind) > 1 or any(not point.disturbed for point in behind)


def to_json(machine: str, found: Found) -> str:
    """Write every round as it was."""
    sweeps = {
        sweep: {peer: {at: asdict(point) for at, point in curve.items()} for peer, curve in peers.items()}
        for sweep, peers in found.items()
    }
    return json.dumps({"machine": machine, "growth": sweeps}, indent=1, ensure_ascii=False) + "\n"


def right(found: Found, ours: str) -> bool:
    """Tell whether everything that our server was asked for arrived, once and in one order."""
    points = [point for peers in found.values() for point in peers.get(ours, {}).values()]
    whole = all(one.arrived in {None, 1.0} and one.one_order for point in points for one in point.rounds)
    return whole and not any(point.word for point in points)
