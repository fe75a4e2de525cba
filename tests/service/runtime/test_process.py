"""How a process is told to end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOLD_TWICE = """
import asyncio, os, signal
from service.runtime import logs
from service.runtime.process import Ending
from service.settings import load

async def main():
    logs.configure(load({}))
    ending = Ending()
    os.kill(os.getpid(), signal.SIGTERM)
    await ending.told
    os.kill(os.getpid(), signal.%s)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once_and_says_so(number: signal.Signals) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TOLD_TWICE % number.name],
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
    assert "stopping_at_once" in second
    assert number.name in second
