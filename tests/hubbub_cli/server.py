"""A node in its own process, which a test can kill."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
# Rate limits must not slow down a test.
_ROOMY: Final = {
    "HUBBUB_SENDS_PER_SECOND": "100000",
    "HUBBUB_SENDS_BURST": "100000",
    "HUBBUB_ADMISSIONS_PER_SECOND": "100000",
    "HUBBUB_ADMISSIONS_BURST": "100000",
    "HUBBUB_BYTES_PER_SECOND": "1000000000",
    "HUBBUB_ADMISSIONS_PER_ADDRESS": "1000000",
    "HUBBUB_CONNECTIONS_PER_ADDRESS": "1000000",
    "HUBBUB_NAMES_PER_ADDRESS": "1000000",
    "HUBBUB_REQUESTS_PER_ADDRESS": "1000000",
    "HUBBUB_NEW_ROOMS_PER_HOUR": "1000000",
}


@dataclass(slots=True)
class Server:
    """A node on `port`, which stays the same after `restart`."""

    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    # A file descriptor for its log; by default that of the test.
    stderr: int | None = None
    # What precedes its command.
    prefix: tuple[str, ...] = ()
    _process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def runs(self) -> bool:
        """Return whether it was started and not killed."""
        return self._process is not None

    def start(self) -> None:
        """Start, and wait until it serves requests."""
        environment = {"PATH": os.environ["PATH"], "HUBBUB_PORT": str(self.port), "HUBBUB_LOG_LEVEL": "error"}
        self._process = subprocess.Popen(
            [*self.prefix, sys.executable, "-m", "service"],
            cwd=ROOT,
            env=environment | _ROOMY | self.settings,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(r"http://\S+:(\d+)", line):
                self.port = int(found[1])
                return
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        """Kill it, as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def ended(self, within: float = 30) -> int:
        """Wait until the process ends; return its exit code."""
        assert self._process is not None
        return self._process.wait(within)

    def restart(self) -> None:
        self.kill()
        self.start()


@contextmanager
def serving(**settings: str) -> Iterator[Server]:
    """Run a server for the duration of the block."""
    with started(Server(settings)) as server:
        yield server


@contextmanager
def started(server: Server) -> Iterator[Server]:
    """Run this server for the duration of the block."""
    try:
        server.start()
        yield server
    finally:
        server.kill()
