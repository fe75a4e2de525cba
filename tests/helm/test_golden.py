"""The last render is in the repository, so that a change shows its effect on the objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helm.chart import CI, OLDEST
from tests.helm.write_files import README, golden, golden_path, readme_table


@pytest.mark.parametrize("values", CI, ids=lambda path: path.stem.removesuffix("-values"))
def test_the_render_matches_the_reviewed_one(values: Path) -> None:
    kept = golden_path(values).read_text(encoding="utf-8")
    assert golden(values) == kept, "review the change, then run: python -m tests.helm.write_files"


def test_the_readme_has_the_table_of_values() -> None:
    assert readme_table() in README.read_text(encoding="utf-8"), "python -m tests.helm.write_files"


def test_the_oldest_version_is_stated_once() -> None:
    assert f">={OLDEST}.0" in (README.parent / "Chart.yaml").read_text(encoding="utf-8")
    assert OLDEST in README.read_text(encoding="utf-8")
