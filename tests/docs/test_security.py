"""`SECURITY.md`: each threat names tests and rules that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.docs.test_guarantees import names_in
from tests.protocol.vectors import rules_of_the_specification

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
THREATS: Final = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| a ")]


def test_there_are_threats() -> None:
    assert len(THREATS) > 10


@pytest.mark.parametrize("threat", THREATS, ids=lambda threat: threat[1].strip()[:40])
def test_each_threat_names_tests_that_exist(threat: list[str]) -> None:
    tests = re.findall(r"`([^`]+)`", threat[-1])
    assert tests
    for test in tests:
        file, separator, name = test.partition("::")
        if separator:
            assert name in names_in(ROOT / "tests" / file)
        else:
            assert file in rules_of_the_specification()
