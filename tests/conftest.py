"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# A package of its own, with tests of its own: tests/docs installs and runs it.
collect_ignore = ["examples"]

pytest_plugins = ["brokers.testing.plugin"]

# Examples have no time limit: how fast something is, is measured by the benchmark and never by a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
