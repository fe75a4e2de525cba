"""The suite and the promises name each other."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator

from archive.testing import suite
from archive.testing.promises import PROMISES


def _tests() -> Iterator[tuple[str, Callable[..., object]]]:
    """Yield the tests of all modules of the suite, whether or not the suite hands them on."""
    for module in pkgutil.iter_modules(suite.__path__, f"{suite.__name__}."):
        for name, value in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            if name.startswith("test_"):
                yield name, value


def _named(test: Callable[..., object]) -> set[str]:
    return {mark.name for mark in getattr(test, "pytestmark", ())} & PROMISES.keys()


def test_every_promise_is_proven_and_nothing_else_is_claimed() -> None:
    assert list(PROMISES) == [f"A{number}" for number in range(1, 21)]
    assert set().union(*(_named(test) for _, test in _tests())) == PROMISES.keys()


def test_every_test_names_the_promise_that_it_proves() -> None:
    assert [name for name, test in _tests() if not _named(test)] == []


def test_the_suite_hands_on_every_test_and_no_two_have_one_name() -> None:
    counts = Counter(name for name, _ in _tests())
    assert [name for name, count in counts.items() if count > 1] == []
    assert {name for name in vars(suite) if name.startswith("test_")} == counts.keys()
