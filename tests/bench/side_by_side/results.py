"""The figures of all rounds, by load and peer, and which of them may be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from tests.bench.side_by_side.rounds import Round
from tests.bench.side_by_side.usage import Use

Results = Mapping[str, Mapping[str, Sequence[Round]]]


def usable(rounds: Sequence[Round]) -> list[Round]:
    """Return the rounds in which the generator was not the bottleneck."""
    return [found for found in rounds if not found.refused]


def typical(results: Results, load: str, peer: str, figure: str) -> float | None:
    """Return the median of a figure; None if no round may be used."""
    values = [found.figures[figure] for found in usable(results.get(load, {}).get(peer, ()))]
    return median(values) if values else None


def to_json(results: Results) -> dict[str, Any]:
    """Return all rounds as JSON."""
    return {
        load: {
            peer: [
                {**asdict(found), "refused": found.refused, "disturbed": found.disturbed} for found in rounds
            ]
            for peer, rounds in peers.items()
        }
        for load, peers in results.items()
    }


def from_json(read: Mapping[str, Any]) -> Results:
    """Read what `to_json` returned."""
    return {
        load: {peer: [_round(found) for found in rounds] for peer, rounds in peers.items()}
        for load, peers in read.items()
    }


def _round(found: dict[str, Any]) -> Round:
    kept = {name: value for name, value in found.items() if name not in {"refused", "disturbed"}}
    return Round(**{**kept, "use": Use(**kept["use"])})
