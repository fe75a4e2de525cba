"""One class per name: a reader who sees a name knows which class it is."""

import ast
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = (
    "archive",
    "brokers",
    "service",
    "clients/protocol/hubbub_protocol",
    "clients/python/hubbub_client",
    "clients/cli/hubbub_cli",
)

WIRE: Final = "the SDK's public event has the name of the frame on the wire that it is made from"
# Two classes may share a name only where users of the SDK would look for no other one.
EXCEPTIONS: Final = {
    "Joined": WIRE,
    "Message": WIRE,
    "Presence": WIRE,
    "Sent": WIRE,
    "Typing": WIRE,
    "Room": "the SDK's room is what a user calls a room; the service's is the same room on one node",
}


def classes(package: str) -> list[tuple[str, str]]:
    """List the public classes of a package, inner ones too, each with its place."""
    return [
        (node.name, f"{path.relative_to(ROOT)}:{node.lineno}")
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


def places() -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for name, place in classes(package):
            found[name].append(place)
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_has_classes_if_it_exists(package: str) -> None:
    assert bool(classes(package)) is (ROOT / package).is_dir()


def test_the_packages_are_where_they_are_looked_for() -> None:
    assert len([package for package in PACKAGES if (ROOT / package).is_dir()]) >= len(PACKAGES) - 1


def test_no_two_classes_share_a_name() -> None:
    shared = {name: found for name, found in places().items() if len(found) > 1}
    assert {name: found for name, found in shared.items() if name not in EXCEPTIONS} == {}


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_is_one_class_of_the_sdk_and_one_other(name: str) -> None:
    found = places()[name]
    assert len(found) == 2
    assert len([place for place in found if place.startswith("clients/python/hubbub_client/")]) == 1
