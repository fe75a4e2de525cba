"""Write the generated tables into `docs/operations.md`: `python -m tests.docs.write_tables`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from service import settings
from service.runtime import metrics
from service.workers.reports import Reports, about_workers

PAGE: Final = Path(__file__).parents[2] / "docs" / "operations.md"


def metrics_table() -> str:
    """Make the table of all metrics, with those that only a parent of workers has."""
    return metrics.table(*about_workers(Reports(responses={}, unanswered=[], restarts={})))


def main() -> None:
    """Put each table where the last one of its kind stands."""
    text = PAGE.read_text(encoding="utf-8")
    for name, table in (("settings", settings.table()), ("metrics", metrics_table())):
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        ahead, _, rest = text.partition(begin)
        _, _, behind = rest.partition(end)
        text = f"{ahead}{begin}\n{table}\n{end}{behind}"
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
