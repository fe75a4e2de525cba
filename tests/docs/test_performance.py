"""The summary of `docs/performance.md` has the figures of the tables that the benchmark wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

DOCS: Final = Path(__file__).parents[2] / "docs"
SUMMARY: Final = (DOCS / "performance.md").read_text(encoding="utf-8").partition("\n## ")[0]
TABLES: Final = (DOCS / "performance-tables.md").read_text(encoding="utf-8")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def measured(load: str) -> dict[tuple[str, str], str]:
    """Read the figures of one load, by server and figure: the medians, without their spread."""
    _, _, table = TABLES.partition(f"\n**{load}**: ")
    head, _, *rows = [
        cells(line) for line in table.partition("\n\n**")[0].splitlines() if line.startswith("|")
    ]
    return {
        (row[0], figure): cell.partition("**")[2].partition("**")[0]
        for row in rows
        for figure, cell in zip(head, row, strict=False)
    }


def summarised() -> Iterator[tuple[str, str, str, str]]:
    """Read the summary: each load, figure, server and value."""
    head, _, *rows = [cells(line) for line in SUMMARY.splitlines() if line.startswith("|")]
    load = ""
    for name, figure, *values in rows:
        load = re.sub(r"`(\w+)`.*", r"\1", name) or load
        for server, value in zip(head[2:], values, strict=True):
            yield load, figure, server, value


@pytest.mark.parametrize(("load", "figure", "server", "value"), list(summarised()))
def test_a_figure_of_the_summary_is_the_measured_one(load: str, figure: str, server: str, value: str) -> None:
    assert measured(load)[server, figure] == value


def test_the_summary_fits_on_one_screen() -> None:
    text = SUMMARY.partition("<img")[0]
    assert text.count("\n") < 40
