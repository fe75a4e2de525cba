"""Run a real Redis with a replica, and a sentinel that watches them."""

from __future__ import annotations

import random
import socket
import subprocess
import time
from collections.abc import Sequence

from typing_extensions import override

from tests.contract.redis_server import find_server
from tests.contract.server import Server

_WITHIN = 30.0
# Longer than a server may stall on a busy machine.
_DOWN_AFTER_MS = 2000


def free_ports(number: int) -> list[int]:
    """Find ports that are free, and that the system does not use for outgoing connections."""
    found: list[int] = []
    for port in random.sample(range(20_000, 30_000), 200):
        with socket.socket() as probe:
            if len(found) < number and probe.connect_ex(("127.0.0.1", port)):
                found.append(port)
    return found


class WatchedServer(Server):
    """One of the servers that a sentinel watches, or the sentinel.

    Its settings are in a file, into which the sentinel writes its role: it survives a restart.
    """

    def __init__(self, port: int, *settings: str, arguments: Sequence[str] = ()) -> None:
        super().__init__()
        self.port = port
        self._file = self.folder / "redis.conf"
        self._file.write_text("\n".join((f"port {port}", "bind 127.0.0.1", *settings, "")))
        self._arguments = arguments

    @property
    @override
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @override
    def start(self) -> None:
        command = [find_server(), str(self._file), *self._arguments]
        self._process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, text=True)
        self.wait_until("PING", b"PONG")

    def says(self, command: str, expected: bytes) -> bool:
        """Ask the server; return False if it is not reachable yet."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as client:
                client.sendall(f"{command}\r\n".encode())
                return expected in client.recv(65536)
        except OSError:
            return False

    def wait_until(self, command: str, expected: bytes) -> None:
        """Ask until the answer contains what is expected."""
        end = time.monotonic() + _WITHIN
        while not self.says(command, expected):
            assert time.monotonic() < end, f"{command} never returned {expected!r}"
            time.sleep(0.02)


class RedisSentinel(Server):
    """A primary, a replica and a sentinel; after a failover the two have changed their roles."""

    def __init__(self, *settings: str) -> None:
        super().__init__()
        first, second, sentinel = free_ports(3)
        shared = ('save ""', "repl-diskless-sync-delay 0", *settings)
        self.servers = [
            WatchedServer(first, *shared),
            WatchedServer(second, f"replicaof 127.0.0.1 {first}", *shared),
        ]
        self.sentinel = WatchedServer(
            sentinel,
            f"sentinel monitor main 127.0.0.1 {first} 1",
            f"sentinel down-after-milliseconds main {_DOWN_AFTER_MS}",
            arguments=["--sentinel"],
        )

    @property
    @override
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/main/0"

    @override
    def start(self) -> None:
        first, second = self.servers
        first.start()
        second.start()
        second.wait_until("INFO replication", b"master_link_status:up")
        self.sentinel.start()
        self.sentinel.wait_until("SENTINEL REPLICAS main", f"127.0.0.1:{second.port}".encode())

    @override
    def remove(self) -> None:
        for server in (self.sentinel, *self.servers):
            server.remove()
        super().remove()

    def wait_until_whole(self) -> None:
        """Wait until one of the servers replicates the other."""
        end = time.monotonic() + _WITHIN
        while not any(server.says("INFO replication", b"master_link_status:up") for server in self.servers):
            assert time.monotonic() < end, "no server became a replica"
            time.sleep(0.05)
