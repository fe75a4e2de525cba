"""What holds for all tests."""

from __future__ import annotations

import pytest
from hypothesis import settings

# A package of its own, with tests of its own: tests/docs installs and runs it.
collect_ignore = ["examples"]

pytest_plugins = ["archive.testing.plugin", "brokers.testing.plugin"]

# Examples have no time limit: how fast something is, is measured by the benchmark and never by a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a long proof be longer than CI has time for."""
    parser.addoption("--kills", type=int, default=12, help="how often the proof of the archive kills a node")
