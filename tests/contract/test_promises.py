"""The suite and the promises name each other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import brokers.base


def _promises_in_tests() -> Iterator[tuple[str, set[str]]]:
    """Yield each test of the suite with the promises that it or its module names."""
    for path in Path(__file__).parent.glob("test_*.py"):
        if path == Path(__file__):
            continue
        module = ast.parse(path.read_text(encoding="utf-8"))
        of_module = {
            promise
            for node in module.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
            for promise in _named(node.value)
        }
        for node in module.body:
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_"):
                marks = {promise for mark in node.decorator_list for promise in _named(mark)}
                yield f"{path.stem}::{node.name}", of_module | marks


def _named(mark: ast.expr) -> set[str]:
    return set(re.findall(r"mark\.promise\('(\w+)'\)", ast.unparse(mark)))


def _promised() -> set[str]:
    return set(re.findall(r"^ (P\d+) ", brokers.base.__doc__ or "", flags=re.MULTILINE))


def test_every_promise_is_proven_and_nothing_else_is_claimed() -> None:
    assert {f"P{number}" for number in range(1, 18)} == _promised()
    assert {promise for _, named in _promises_in_tests() for promise in named} == _promised()


def test_every_test_names_the_promise_that_it_proves() -> None:
    assert [test for test, named in _promises_in_tests() if not named] == []
