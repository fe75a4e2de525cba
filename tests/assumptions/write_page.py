"""Write the table of `docs/library-internals.md` anew: `python -m tests.assumptions.write_page`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Final

from tests.assumptions.claims import Claim, claims

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "library-internals.md"
BEGIN: Final = "<!-- internals -->"
END: Final = "<!-- end of internals -->"


def table() -> str:
    """Make the tables, one for each library, from what the tests claim."""
    found = sorted((claim for _, claim in claims() if claim is not None), key=lambda claim: claim.library)
    parts = []
    for library, of_it in groupby(found, key=lambda claim: claim.library):
        rows = [_row(claim) for claim in of_it]
        head = [
            "| internal | used in | what we rely on | what breaks without it | test |",
            "| --- " * 5 + "|",
        ]
        parts.append("\n".join([f"## {library}\n", *head, *rows]))
    return "\n\n".join(parts)


def _row(claim: Claim) -> str:
    internals = "<br>".join(f"`{each}`" for each in claim.internals)
    where = "<br>".join(f"`{each}`" for each in claim.where)
    cells = internals, where, claim.says, claim.breaks, f"`{claim.test}`"
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main() -> None:
    """Put the tables where the last ones stand."""
    text = PAGE.read_text(encoding="utf-8")
    ahead, _, rest = text.partition(BEGIN)
    _, _, behind = rest.partition(END)
    PAGE.write_text(f"{ahead}{BEGIN}\n\n{table()}\n\n{END}{behind}", encoding="utf-8")


if __name__ == "__main__":
    main()
