"""A broker's real server for the tests: one process, which a test may kill and freeze."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

S = TypeVar("S", bound="Server")


class Server(ABC):
    """One server process. It begins empty; what was stored survives `kill` and `start`."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="hubbub-"))  # short: socket files have short names
        self._process: subprocess.Popen[str] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where it is."""

    @property
    def pid(self) -> int:
        """Tell its process, while it runs."""
        assert self._process
        return self._process.pid

    @abstractmethod
    def start(self) -> None:
        """Start it, and return when it answers."""

    @property
    def runs(self) -> bool:
        """Whether it was started and not killed since."""
        return self._process is not None

    def kill(self) -> None:
        """End it without a warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop it from doing anything; its connections stay."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """End it, and delete what it kept."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def running(server: S) -> Iterator[S]:
    """Run a server for a block, in which it may be killed."""
    try:
        server.start()
        yield server
    finally:
        server.remove()


def run_on(server: S) -> S:
    """Run a server until the tests end."""
    server.start()
    atexit.register(server.remove)
    return server


def is_missing(program: str, wheel: str) -> NoReturn:
    """Skip the test; where tests must be complete (CI) that is a failure."""
    message = f"needs {program}: it's neither on the PATH nor installed by the wheel {wheel}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
