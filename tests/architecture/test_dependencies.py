"""Runtime dependencies have bounds on both sides: an upgrade beyond them is decided with `make latest`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]

BOUNDED = re.compile(r"^[a-z0-9-]+(\[[a-z]+\])?>=[\d.]+,<[\d.]+(;.*)?$")


def test_every_runtime_dependency_has_a_lower_and_an_upper_bound() -> None:
    paths = [ROOT / "pyproject.toml", *ROOT.glob("clients/*/pyproject.toml")]
    projects = [tomllib.loads(path.read_text(encoding="utf-8"))["project"] for path in paths]
    ours = {project["name"] for project in projects}
    needed = {need for project in projects for need in project.get("dependencies", [])} - ours
    assert len(needed) > 8, "the search finds nothing any more"
    assert not {need for need in needed if not BOUNDED.match(need)}
