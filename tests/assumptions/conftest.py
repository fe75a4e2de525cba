"""A run ends with the list of assumptions that fell: the library, our module, and what breaks there."""

from __future__ import annotations

import pytest

from tests.assumptions.claims import AssumptionBroken


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List them in full, where pytest's own summary would cut them off."""
    fell = [
        crash.message.partition(f"{AssumptionBroken.__name__}: ")[2]
        for report in terminalreporter.getreports("failed")
        if (crash := getattr(report.longrepr, "reprcrash", None))
        and AssumptionBroken.__name__ in crash.message
    ]
    if fell:
        terminalreporter.section("assumptions that fell")
        for each in fell:
            terminalreporter.line(f"- {each}")
