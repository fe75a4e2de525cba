"""The table: Markdown, a part for each load, a row for each server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from tests.bench.side_by_side.loads import Load
from tests.bench.side_by_side.results import Results, usable
from tests.bench.side_by_side.rounds import Round

_TALK: Final = (
    "deliveries/s", "messages/s", "CPU µs/delivery", "CPU µs/message", "broker µs/delivery",
    "p50 ms", "p99 ms", "p99.9 ms",
)  # fmt: skip
_ARRIVE: Final = ("connections/s", "CPU µs/connection", "KiB/connection", "came")
_ABOUT: Final = (
    "Median of the rounds (lowest to highest). CPU is that of all the server's processes; *server*, "
    "*generator* and *others* are shares of a core. *Arrived*: the share of all deliveries that were made, "
    "once and in order; *one order*: whether all members of a room saw the same. CPU seconds are those of "
    "the server and its broker."
)


def markdown(machine: str, loads: Sequence[Load], results: Results) -> str:
    """Return all tables, and the remarks about them."""
    lines = [machine, "", _ABOUT, ""]
    for load in loads:
        if results.get(load.name):
            lines += [*_table(load, results), ""]
    remarks = [*_remarks(results)]
    return "\n".join([*lines, *remarks, ""])


def _table(load: Load, results: Results) -> Iterator[str]:
    found = results[load.name]
    wanted = _ARRIVE if load.arrives else (*_TALK, "deliveries/CPU s") if load.redis else _TALK
    figures = [
        name for name in wanted if any(name in one.figures for rounds in found.values() for one in rounds)
    ]
    head = ["server", *figures, "server", "generator", "others"]
    head += [] if load.arrives else ["arrived", "one order"]
    count = max(len(rounds) for rounds in found.values())
    rounds_made = f"{count} round{'s' if count > 1 else ''}"
    yield f"**{load.name}**: {load.description}. {rounds_made}, {load.text} bytes of text."
    yield ""
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for peer, rounds in found.items():
        yield f"| {' | '.join([peer, *_cells(load, figures, rounds)])} |"


def _cells(load: Load, figures: Sequence[str], rounds: Sequence[Round]) -> Iterator[str]:
    good = usable(rounds)
    for name in figures:
        values = [found.figures[name] for found in good if name in found.figures]
        yield _spread(values) if values else "refused" if not good else "-"
    for share in ("server", "generator", "others"):
        yield f"{median(getattr(found.use, share) for found in rounds):.0%}"
    if not load.arrives:
        yield _arrived(rounds)
        yield "yes" if all(found.one_order for found in rounds) else "no"


def _arrived(rounds: Sequence[Round]) -> str:
    share = min(found.arrived or 0.0 for found in rounds)
    closed = max(found.closed for found in rounds)
    return f"{share:.2%}" + (f", {closed} sent away" if closed else "")


def _remarks(results: Results) -> Iterator[str]:
    for load, peers in results.items():
        refused = [peer for peer, rounds in peers.items() if len(usable(rounds)) < len(rounds)]
        if refused:
            names = ", ".join(refused)
            yield f"- {load}: the generator was the bottleneck in rounds of {names}: those are refused."
        if noisy := [peer for peer, rounds in peers.items() if any(found.disturbed for found in rounds)]:
            names = ", ".join(noisy)
            yield f"- {load}: **others worked on this machine** in rounds of {names}: not a result."


def _spread(values: Sequence[float]) -> str:
    middle = f"**{number(median(values))}**"
    return middle if len(values) < 2 else f"{middle} ({number(min(values))}-{number(max(values))})"


def number(value: float) -> str:
    """Format a number with three significant digits."""
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"
