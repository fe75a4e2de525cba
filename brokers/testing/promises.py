"""How a test of the suite says which promise it proves and what it needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

import pytest

import brokers.base
from brokers.base import Options

Test = TypeVar("Test", bound=Callable[..., object])

# Seconds. A broker that hangs fails its test; no test of the suite is near it on a slow machine.
_LIMIT: Final = 60

PROMISES: Final[dict[str, str]] = {
    number: name.rstrip()  # in a column of ten
    for number, name in re.findall(r"^ (P\d+) +(.{10})", brokers.base.__doc__ or "", flags=re.MULTILINE)
}
"""The numbers of the contract's promises, and the word or two for each."""


def promise(*numbers: str, needs: str = "", options: Options | None = None) -> Callable[[Test], Test]:
    """Mark a test with the promises that it proves: `pytest -m P5` runs the tests of one.

    `needs` names the ability (a field of `Abilities`) without which the test is skipped; `options` are what
    the nodes of the test are made from. It runs on a loop of its own, whatever pytest-asyncio is set to.
    """
    marks = [getattr(pytest.mark, number) for number in numbers]
    marks.append(pytest.mark.stage(needs=needs, options=options or Options()))
    marks.append(pytest.mark.asyncio(loop_scope="function"))
    marks.append(pytest.mark.timeout(_LIMIT))

    def mark(test: Test) -> Test:
        for each in marks:
            test = each(test)
        return test

    return mark
