"""The wall clock of a node can be set while it runs; its monotonic clock can't."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults import clock


def test_a_clock_is_set_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clock"
    real = time.time
    monkeypatch.setattr(time, "time", real)  # restored after the test
    assert clock.command(file)[-1] == str(file)
    clock.install(file)
    assert abs(time.time() - real()) < 1
    clock.set_offset(file, -3600.0)
    assert abs(time.time() - real() + 3600) < 1
    clock.set_offset(file, 0.0)
    assert abs(time.time() - real()) < 1
