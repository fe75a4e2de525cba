"""Every decision has one page of the same form, and the index lists them all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parents[2] / "docs" / "decisions"
PAGES: Final = sorted(path for path in FOLDER.iterdir() if path.name != "README.md")
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def row(page: Path) -> str:
    """Make the row of the index from the page's own heading, date and status."""
    text = page.read_text(encoding="utf-8")
    found = re.match(r"# (\d+)\. (.+)\n\n- Date: (\d{4}-\d\d-\d\d)\n- Status: (.+)\n\n## Context\n", text)
    assert found, "it begins with a title, a date, a status and the context"
    number, title, date, status = found.groups()
    return f"| {number} | {date} | [{title}]({page.name}) | {status} |"


def test_the_numbers_count_up() -> None:
    assert [int(page.name[:4]) for page in PAGES] == list(range(1, len(PAGES) + 1))


@every_page
def test_a_page_has_the_number_of_its_file_and_the_three_parts(page: Path) -> None:
    assert row(page).startswith(f"| {int(page.name[:4])} |")
    headings = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences"]


@every_page
def test_a_status_is_a_known_one_and_names_a_page_that_exists(page: Path) -> None:
    status = row(page).rsplit("|", 2)[1].strip()
    replaced = re.fullmatch(r"accepted|superseded by \[\d+\]\((.+)\)", status)
    assert replaced
    assert replaced[1] is None or (FOLDER / replaced[1]).is_file()


def test_the_index_lists_every_page_in_order() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "\n".join(map(row, PAGES)) in index
