"""`docs/architecture.md` is true: its packages, their imports, and the code that it names."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import grimp
import pytest

from service.transport.output import OutputState, SocketOutput

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROW: Final = re.compile(r"^\| `(\w+)` \| [^|]+ \| ([\w, ]*)\|$", re.MULTILINE)
ARROW: Final = re.compile(r"^    (\w+) --> (\w+)$", re.MULTILINE)
NAMED: Final = re.compile(r"`(service/[\w/]+\.py)` `([\w.]+)`")


def documented() -> dict[str, set[str]]:
    return {name: set(filter(None, imports.strip().split(", "))) for name, imports in ROW.findall(PAGE)}


def imported() -> dict[str, set[str]]:
    """Find which packages of the service each of them imports."""
    graph = grimp.build_graph("service")
    found: dict[str, set[str]] = {}
    for package in graph.find_children("service"):
        name = package.split(".")[1]
        modules = {package} | graph.find_descendants(package)
        targets = {target for module in modules for target in graph.find_modules_directly_imported_by(module)}
        found[name] = {target.split(".")[1] for target in targets if target.startswith("service.")} - {name}
    return found


def defined(file: str) -> set[str]:
    """List the functions, classes and methods of a module."""
    found = set[str]()
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{each.name}"
                for each in ast.walk(node)
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
            }
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
    return found


def test_the_table_lists_all_packages_with_all_their_imports() -> None:
    assert documented() == imported()


def test_each_arrow_between_packages_is_an_import() -> None:
    arrows = ARROW.findall(PAGE)
    assert arrows
    assert [(source, target) for source, target in arrows if target not in imported()[source]] == []


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED.findall(PAGE))))
def test_named_code_exists(file: str, name: str) -> None:
    assert name in defined(file)


def test_the_diagram_of_the_output_has_its_states() -> None:
    diagram = PAGE.partition("States of a connection")[2].partition("stateDiagram-v2")[2].partition("```")[0]
    states = set(re.findall(r"\b[A-Z]{2,}\b", diagram))
    assert states == {state.name for state in OutputState}
    methods = set(re.findall(r": ([\w, ]+)$", diagram, re.MULTILINE))
    for method in {each for group in methods for each in group.split(", ")}:
        assert hasattr(SocketOutput, method) or method in SocketOutput.__slots__, method
