"""One class per name: a reader who sees a name knows which class it is."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The packages whose names are compared with each other.
PACKAGES = [("brokers", "service")]


def classes(package: str) -> list[tuple[str, str]]:
    """List the public classes of a package, inner ones too, each with its place."""
    return [
        (node.name, f"{path.relative_to(ROOT)}:{node.lineno}")
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


@pytest.mark.parametrize("packages", PACKAGES, ids=" ".join)
def test_no_two_classes_share_a_name(packages: tuple[str, ...]) -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for package in packages:
        for name, place in classes(package):
            places[name].append(place)
    assert places, "the sources are elsewhere"
    assert not {name: found for name, found in places.items() if len(found) > 1}
