"""Write the generated tables into `docs/operations.md`: `python -m tests.docs.write_tables`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from service import metrics, settings

PAGE: Final = Path(__file__).parents[2] / "docs" / "operations.md"


def main() -> None:
    """Put each table where the last one of its kind stands."""
    text = PAGE.read_text(encoding="utf-8")
    for name, table in (("settings", settings.table()), ("metrics", metrics.table())):
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        ahead, _, rest = text.partition(begin)
        _, _, behind = rest.partition(end)
        text = f"{ahead}{begin}\n{table}\n{end}{behind}"
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
