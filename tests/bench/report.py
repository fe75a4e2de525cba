"""The table: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Final

from tests.bench.loads import Load, Round

# Above this share of its core the generator may be the bottleneck.
_BUSY: Final = 0.9
# Above this share of a core, other processes distort the figures.
_DISTURBED: Final = 0.1

_ABOUT: Final = (
    "Median of the rounds (lowest to highest). CPU is a share of one core; *waited* is the time for which "
    "the server was ready to run and had no core."
)
_HEAD: Final = (
    "| load | figure | median | spread | server (kernel) | waited | generator | others | in order |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
)


def markdown(machine: str, results: Mapping[Load, Sequence[Round]]) -> str:
    """Return the table and remarks about it."""
    lines = [machine, "", _ABOUT, "", *_HEAD]
    for load, rounds in results.items():
        lines += _rows(load, rounds)
    lines += [
        "",
        *(f"- {load.name}: {load.description}, {len(rounds)} rounds" for load, rounds in results.items()),
    ]
    remarks = [remark for load, rounds in results.items() for remark in _remarks(load, rounds)]
    return "\n".join([*lines, "", *remarks, ""])


def to_json(machine: str, results: Mapping[Load, Sequence[Round]]) -> str:
    """Return all rounds as JSON."""
    loads = {
        load.name: {"description": load.description, "rounds": [asdict(found) for found in rounds]}
        for load, rounds in results.items()
    }
    return json.dumps({"machine": machine, "loads": loads}, indent=2) + "\n"


def _rows(load: Load, rounds: Sequence[Round]) -> list[str]:
    uses = [found.use for found in rounds]
    shares = [found.in_order for found in rounds if found.in_order is not None]
    about = [
        f"{_share(use.server for use in uses)} ({_share(use.server_kernel for use in uses)})",
        _share(use.server_waited for use in uses),
        _share(use.generator for use in uses),
        _share(use.others for use in uses),
        f"{min(shares):.4%}" if shares else "-",
    ]
    rows = []
    for name in rounds[0].figures:
        values = [found.figures[name] for found in rounds]
        spread = f"{_number(min(values))} - {_number(max(values))}"
        rows.append(
            " | ".join([f"| {load.name}", name, f"**{_number(median(values))}**", spread, *about]) + " |"
        )
        # Values that are the same for all figures of a load are printed once.
        about = [""] * len(about)
    return rows


def _remarks(load: Load, rounds: Sequence[Round]) -> list[str]:
    remarks = []
    if any(found.in_order is not None and found.in_order != 1 for found in rounds):
        remarks.append(f"**{load.name}: messages were lost or out of order: the figures mean nothing.**")
    if median(found.use.generator for found in rounds) > _BUSY:
        remarks.append(
            f"{load.name}: the load generator was (nearly) out of CPU: the server may do more than this."
        )
    if median(found.use.others for found in rounds) > _DISTURBED:
        remarks.append(
            f"{load.name}: others worked on this machine meanwhile: measure again when it is quiet."
        )
    return [f"- {remark}" for remark in remarks]


def _share(values: Iterable[float]) -> str:
    return f"{median(values):.0%}"


def _number(value: float) -> str:
    """Format a number with three significant digits."""
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"
