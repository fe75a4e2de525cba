"""docs/performance-tables.md: each part of the bench has a place in it for its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.bench.node import ROOT

PAGE: Final = ROOT / "docs" / "performance-tables.md"
PLOTS: Final = PAGE.parent / "plots"


def write(part: str, tables: str, page: Path = PAGE) -> None:
    """Put a part's tables into the page."""
    page.write_text(replaced(page.read_text(), part, tables))


def replaced(page: str, part: str, tables: str) -> str:
    """Put a part's tables in place of those that stand there; raise ValueError if there's no place."""
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    ahead, begun, rest = page.partition(begin)
    _, ended, behind = rest.partition(end)
    if not (begun and ended):
        raise ValueError(f"the page has no place for figures, between {begin} and {end}")
    return f"{ahead}{begin}\n{tables}\n{end}{behind}"
