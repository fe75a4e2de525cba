"""Run a real server for the tests: one process, which a test may kill and freeze."""

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
    """A server process. It starts empty; its data survive `kill` and `start`."""

    def __init__(self) -> None:
        self._folder = Path(
            tempfile.mkdtemp(prefix="hubbub-")
        )  # short, because socket paths have to be short
        self._process: subprocess.Popen[str] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The URL."""

    @property
    def folder(self) -> Path:
        """Return the folder of its data."""
        return self._folder

    @property
    def pid(self) -> int:
        """Return its process while it runs."""
        assert self._process
        return self._process.pid

    @abstractmethod
    def start(self) -> None:
        """Start it, and wait until it answers."""

    @property
    def runs(self) -> bool:
        """Whether it was started and not killed since."""
        return self._process is not None

    def kill(self) -> None:
        """Kill it without a warning (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Freeze it (SIGSTOP); its connections stay open."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it continue (SIGCONT)."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """Stop it, and delete its data."""
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
    """Skip the test; in CI, where tests must be complete, fail it."""
    message = f"needs {program}, which is neither on the PATH nor installed by the wheel {wheel}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
