"""The server under load: a real process on a free port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from tests.bench.machine import SERVER_CORE, pin

ROOT: Final = Path(__file__).parents[2]
_LONGEST_START: Final = 20.0

# Limits for users would be measured instead of the server.
_SETTINGS: Final[Mapping[str, str]] = {
    "HUBBUB_SENDS_PER_SECOND": "1000000",
    "HUBBUB_SENDS_BURST": "1000000",
    "HUBBUB_ADMISSIONS_PER_SECOND": "1000000",
    "HUBBUB_ADMISSIONS_BURST": "1000000",
    "HUBBUB_BYTES_PER_SECOND": "1000000000",
    "HUBBUB_ADMISSIONS_PER_ADDRESS": "1000000",
    "HUBBUB_CONNECTIONS_PER_ADDRESS": "1000000",
    "HUBBUB_NAMES_PER_ADDRESS": "1000000",
    "HUBBUB_REQUESTS_PER_ADDRESS": "1000000",
    "HUBBUB_NEW_ROOMS_PER_HOUR": "1000000",
    "HUBBUB_LOG_LEVEL": "warning",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server process."""

    port: int
    process: int


@contextmanager
def serving(**settings: str) -> Iterator[Server]:
    """Run a node of this checkout for the time of the block."""
    with running((sys.executable, "-m", "service"), settings) as server:
        yield server


@contextmanager
def running(
    command: Sequence[str],
    settings: Mapping[str, str],
    *,
    folder: Path = ROOT,
    longest_start: float = _LONGEST_START,
) -> Iterator[Server]:
    """Run a node by a command, in a checkout, for the time of the block."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUBBUB_", "BROKER"))}
    environment = {**kept, **_known(folder), **settings, "HUBBUB_PORT": str(port)}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
        pin(process.pid, SERVER_CORE)
        try:
            _wait_for(port, process, longest_start)
            yield Server(port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _known(folder: Path) -> Mapping[str, str]:
    """Return the settings that a checkout knows: an older one refuses to start with the others."""
    documented = "".join(page.read_text() for page in (folder / "docs").glob("*.md"))
    return {name: value for name, value in _SETTINGS.items() if name in documented}


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes], longest: float) -> None:
    end = monotonic() + longest
    while monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.05)
    raise RuntimeError("the server did not start; run `python -m service` to see why")
