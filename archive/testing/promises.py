"""How a test of the suite names the promise that it proves, and what it needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

import pytest

import archive.base
from archive.base import ArchiveRetention

Test = TypeVar("Test", bound=Callable[..., object])

# Seconds. An archive that hangs fails its test.
_LIMIT: Final = 60

PROMISES: Final[dict[str, str]] = {
    number: name.rstrip()  # in a column of ten
    for number, name in re.findall(r"^ (A\d+) +(.{10})", archive.base.__doc__ or "", flags=re.MULTILINE)
}
"""The numbers of the contract's promises, and the word or two for each."""


def promise(
    *numbers: str, needs: str = "", retention: ArchiveRetention | None = None, **options: float
) -> Callable[[Test], Test]:
    """Mark a test with the promises that it proves: `pytest -m A5` runs the tests of one.

    `needs` names the ability (a field of `StorageAbilities`) without which the test is skipped. The rest are
    the options that the archives of the test are made from.
    """
    marks = [getattr(pytest.mark, number) for number in numbers]
    marks.append(pytest.mark.archived(needs=needs, options={"retention": retention, **options}))
    marks.append(pytest.mark.asyncio(loop_scope="function"))
    marks.append(pytest.mark.timeout(_LIMIT))

    def mark(test: Test) -> Test:
        for each in marks:
            test = each(test)
        return test

    return mark
