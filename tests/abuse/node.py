"""A real node with its default limits, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final
from urllib.request import urlopen

from tests.bench.node import free_port

ROOT: Final = Path(__file__).parents[2]
_LONGEST_START: Final = 30.0
_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Node:
    """A process, its port, and the file of its log."""

    process: int
    port: int
    log: Path

    def memory(self) -> int:
        """Return the resident memory in bytes."""
        for line in Path(f"/proc/{self.process}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * _KIB
        raise RuntimeError("the node has ended")

    def logged(self) -> int:
        """Return the bytes of the log."""
        return self.log.stat().st_size

    def connections(self) -> int:
        """Return the number of open connections that the node reports."""
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return int(float(next(line.split()[1] for line in lines if line.startswith("hubbub_connections "))))


@contextmanager
def serving(**settings: str) -> Iterator[Node]:
    """Run a node for the time of the block."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUBBUB_", "BROKER"))}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**kept, **settings, "HUBBUB_PORT": str(port), "HUBBUB_DATA": folder}
        log = Path(folder) / "log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [sys.executable, "-m", "service"], cwd=ROOT, env=environment, stdout=output, stderr=output
            ) as process,
        ):
            node = Node(process.pid, port, log)
            try:
                _wait_for(node, process)
                yield node
            finally:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()


def _wait_for(node: Node, process: subprocess.Popen[bytes]) -> None:
    end = monotonic() + _LONGEST_START
    while monotonic() < end and process.poll() is None:
        try:
            node.connections()
        except OSError:
            sleep(0.05)
        else:
            return
    raise RuntimeError(f"the node did not start: {node.log.read_text()}")
