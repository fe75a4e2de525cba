"""Shutdown signals."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIGNALLED_TWICE = """
import asyncio, os, signal
from service.runtime import logs
from service.runtime.process import ShutdownSignal
from service.settings import load

async def main():
    logs.configure(load({}))
    shutdown = ShutdownSignal()
    os.kill(os.getpid(), signal.SIGTERM)
    await shutdown.received
    os.kill(os.getpid(), signal.%s)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_forces_the_exit_and_is_logged(number: signal.Signals) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SIGNALLED_TWICE % number.name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == 128 + number
    first, second = (ended.stdout + ended.stderr).splitlines()
    assert "stopping" in first
    assert "SIGTERM" in first
    assert "forced_exit" in second
    assert number.name in second
