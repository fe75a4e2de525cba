"""Mark a test of the suite with the promises that it proves and the ability that it needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

import pytest

import brokers.base
from brokers.base import BrokerOptions

Test = TypeVar("Test", bound=Callable[..., object])

# Seconds. A broker that hangs fails its test; every other test is much faster, even on a slow machine.
_LIMIT: Final = 60

PROMISES: Final[dict[str, str]] = {
    number: name.rstrip()  # names are padded to ten characters
    for number, name in re.findall(r"^ (P\d+) +(.{10})", brokers.base.__doc__ or "", flags=re.MULTILINE)
}
"""The numbers of the contract's promises, with a short name for each."""


def promise(*numbers: str, needs: str = "", options: BrokerOptions | None = None) -> Callable[[Test], Test]:
    """Mark a test with the promises that it proves: `pytest -m P5` runs the tests of one.

    `needs` names the ability (a field of `Abilities`) without which the test is skipped; `options` are those
    of the test's nodes. The test has its own event loop, whatever the configuration of pytest-asyncio.
    """
    marks = [getattr(pytest.mark, number) for number in numbers]
    marks.append(pytest.mark.stage(needs=needs, options=options or BrokerOptions()))
    marks.append(pytest.mark.asyncio(loop_scope="function"))
    marks.append(pytest.mark.timeout(_LIMIT))

    def mark(test: Test) -> Test:
        for each in marks:
            test = each(test)
        return test

    return mark
