"""The CPU time of a whole `hubbub-chat send`, beside that of Python alone and of its libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

from tests.bench import machine
from tests.bench.node import ROOT, serving

NAME: Final = "command"
_ROUNDS: Final = 30
_QUICK: Final = 10
_PYTHON: Final = "Python alone"
_HANDSHAKE: Final = """
import asyncio
from websockets.asyncio.client import connect

async def main():
    async with connect("ws://127.0.0.1:{port}/ws", subprotocols=["hubbub.v1"], proxy=None):
        pass

asyncio.run(main())
"""
_SEND: Final = "import sys; from hubbub_cli.start import main; sys.exit(main())"


def measure(*, quick: bool, rounds: int | None) -> bool:
    """Run each command in turn, and print the median CPU time of each."""
    with serving() as server:
        cases: Mapping[str, Sequence[str]] = {
            _PYTHON: ["-c", "pass"],
            "asyncio and websockets: import, connect, close": ["-c", _HANDSHAKE.format(port=server.port)],
            "`hubbub-chat send`": [
                "-c",
                _SEND,
                "send",
                "lobby",
                "hello",
                "-s",
                f"ws://127.0.0.1:{server.port}",
            ],
        }
        found: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(rounds or (_QUICK if quick else _ROUNDS)):
            for name, arguments in cases.items():
                found[name].append(_cpu_ms(arguments))
    table = _table({name: median(each) for name, each in found.items()})
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.md").write_text(table)
    print(table)
    return True


def _cpu_ms(arguments: Sequence[str]) -> float:
    """Run Python, with the compiled modules of an installation; return its CPU time in ms."""
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=compiled) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{arguments} exited with {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def _table(found: Mapping[str, float]) -> str:
    bare = found[_PYTHON]
    rows = [f"| {name} | {ms:.0f} | {ms - bare:.0f} |" for name, ms in found.items()]
    head = [f"{machine.describe()}.", "", "| | CPU ms | beyond Python alone |", "| --- | ---: | ---: |"]
    return "\n".join([*head, *rows, ""])
