"""All measurements with an archive: sends, reads of many messages, and the start."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final, TypeAlias

from tests.bench import machine, page
from tests.bench.archive import reads, sends
from tests.bench.loads import Scale
from tests.bench.node import ROOT

NAME: Final = "archive"
MESSAGES: Final = 10_000_000
_FEW: Final = 20_000
_FULL: Final = Scale(rounds=3, seconds=3.0)
_QUICK: Final = Scale(rounds=1, seconds=1.0)

Measured: TypeAlias = tuple[str, Mapping[str, float]]


def measure(*, quick: bool, rounds: int | None, messages: int | None, write: bool) -> bool:
    """Measure, print the tables, keep them in build/bench/, and write them to the page if asked to."""
    scale = _QUICK if quick else _FULL
    many = messages or (_FEW if quick else MESSAGES)
    machine.pin(0, machine.GENERATOR_CORE)
    found: list[list[Measured]] = []
    for number in range(rounds or scale.rounds):
        print(f"{NAME}: sends, round {number + 1}", file=sys.stderr)
        found.append(list(sends.run(scale)))
    parts = [
        f"Sends (rounds: {len(found)}, {scale.seconds:g} s each): {sends.SAYS}.",
        table(medians(found)),
        f"Reads of {many:,} messages: {reads.SAYS}.",
        table(list(reads.run(many))),
        "Start: from the start of the process until `/health/ready` is 200.",
        table(list(reads.ready())),
    ]
    tables = "\n\n".join([f"{machine.describe()}.", *parts]) + "\n"
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.md").write_text(tables)
    print(tables)
    if write:
        page.write(NAME, tables)
    return True


def medians(rounds: Sequence[Sequence[Measured]]) -> list[Measured]:
    """Return the median of each figure of each case."""
    return [
        (each[0][0], {name: median(figures[name] for _, figures in each) for name in each[0][1]})
        for each in zip(*rounds, strict=True)
    ]


def table(measured: Iterable[Measured]) -> str:
    """Return a table: a row for each case."""
    rows = list(measured)
    names = list(rows[0][1])
    lines = [["", *names], ["---", *["---:"] * len(names)]]
    lines += [[case, *(shown(figures[name]) for name in names)] for case, figures in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(figure: float) -> str:
    """Return a figure with three digits."""
    return f"{figure:,.0f}".replace(",", " ") if figure >= 100 else f"{figure:.3g}"
