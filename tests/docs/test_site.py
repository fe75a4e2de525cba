"""The documentation site leads to every page, and every link leads somewhere; `make docs` finds the rest."""

from __future__ import annotations

import re
import runpy
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import hubbub_client

ROOT: Final = Path(__file__).parents[2]
CONFIG: Final = runpy.run_path(str(ROOT / "docs" / "site" / "conf.py"))
NAMED: Final = [page for pages in CONFIG["NAVIGATION"].values() for page in pages]
LINK: Final = re.compile(r"\[[^]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")


@cache
def pages() -> list[Path]:
    """List the pages that are in git or could be, but those of programs that the benchmark measures."""
    git = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [ROOT / path for path in listed if (ROOT / path).is_file()]


@cache
def anchors(page: Path) -> set[str]:
    """Collect the anchors that GitHub gives to a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_nowhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


def test_the_navigation_names_every_page_of_docs_and_names_it_once() -> None:
    found = {
        str(path.relative_to(ROOT).with_suffix(""))
        for path in (ROOT / "docs").rglob("*")
        if path.suffix in {".md", ".rst"} and "node_modules" not in path.parts
    }
    assert found <= {*NAMED, *CONFIG["DECISIONS"]}
    assert len(NAMED) == len(set(NAMED))
    assert all(list(ROOT.glob(f"{page}.*")) for page in NAMED)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    text = re.sub(
        r"^```.*?^```|`[^`\n]+`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    links = [link or image for link, image in LINK.findall(text)]
    assert [link for link in links if "://" not in link and leads_nowhere(page, link)] == []


def test_the_reference_of_the_sdk_has_all_that_it_exports() -> None:
    page = (ROOT / "docs" / "reference" / "python-sdk.rst").read_text(encoding="utf-8")
    shown = set(re.findall(r"^\.\. auto\w+:: hubbub_client\.(?:\w+\.)*(\w+)$", page, re.MULTILINE))
    assert shown == {*hubbub_client.__all__, "bot", "sync", "testing"}
