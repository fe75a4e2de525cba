"""docs/performance-tables.md: a placeholder for the tables of each part of the benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.bench.node import ROOT

PAGE: Final = ROOT / "docs" / "performance-tables.md"
PLOTS: Final = PAGE.parent / "plots"


def write(part: str, tables: str, page: Path = PAGE) -> None:
    """Write a part's tables to the page."""
    page.write_text(replaced(page.read_text(), part, tables))


def replaced(page: str, part: str, tables: str) -> str:
    """Return the page with a part's new tables; raise ValueError if it has no placeholder."""
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    before, begun, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        raise ValueError(f"the page has no placeholder between {begin} and {end}")
    return f"{before}{begin}\n{tables}\n{end}{after}"
