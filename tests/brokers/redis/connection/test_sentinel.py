"""The Redis broker finds its primary through sentinels."""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from brokers.base import BrokerOptions
from brokers.errors import BrokerError
from brokers.redis import RedisBroker
from brokers.testing.recorder import BrokerNode, Recorder
from tests.contract.redis_server import find_server

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def free_ports(number: int) -> list[int]:
    """Find ports that are free, and that the system does not use for outgoing connections."""
    found: list[int] = []
    for port in random.sample(range(20_000, 30_000), 200):
        with socket.socket() as probe:
            if len(found) < number and probe.connect_ex(("127.0.0.1", port)):
                found.append(port)
    return found


def says(port: int, command: str, expected: bytes) -> bool:
    """Ask a server; return nothing if it is not reachable yet."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as client:
            client.sendall(f"{command}\r\n".encode())
            return expected in client.recv(65536)
    except OSError:
        return False


def wait_until(port: int, command: str, expected: bytes) -> None:
    end = time.monotonic() + 20
    while not says(port, command, expected):
        assert time.monotonic() < end, f"{command} never returned {expected!r}"
        time.sleep(0.02)


@contextmanager
def watched() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a primary, a replica and a sentinel; yield their URL, and the primary's process."""
    primary, replica, sentinel = free_ports(3)
    with tempfile.TemporaryDirectory(prefix="hubbub-") as folder, ExitStack() as ends:

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen([find_server(), *arguments], cwd=folder, stdout=subprocess.DEVNULL)
            ends.callback(process.wait)
            ends.callback(process.kill)
            return process

        bare = ("--save", "", "--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0")
        first = start("--port", str(primary), *bare)
        start("--port", str(replica), "--replicaof", "127.0.0.1", str(primary), *bare)
        wait_until(replica, "INFO replication", b"master_link_status:up")
        settings = Path(folder) / "sentinel.conf"
        settings.write_text(
            f"port {sentinel}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {primary} 1\n"
            # Longer than a server may stall on a busy machine.
            "sentinel down-after-milliseconds main 2000\n"
        )
        start(str(settings), "--sentinel")
        wait_until(sentinel, "SENTINEL REPLICAS main", f"127.0.0.1:{replica}".encode())
        yield f"redis+sentinel://127.0.0.1:{sentinel}/main/0", first


async def test_after_a_failover_the_node_uses_the_new_primary() -> None:
    with watched() as (url, primary):
        node = BrokerNode(RedisBroker(BrokerOptions(url=url, timeout=1.0)), Recorder())
        await node.broker.start(node.received)
        await node.broker.subscribe("room")
        await node.send("room", b"before")
        primary.kill()
        async with asyncio.timeout(40):
            while "restored" not in node.received.states:
                try:
                    await node.broker.probe()
                except BrokerError:
                    await asyncio.sleep(0.1)  # the sentinel takes a while
        await node.send("room", b"after")
        await node.received.until(lambda received: received.payloads("room")[-1:] == [b"after"])
        assert [entry.payload for entry in await node.full_history("room")][-1] == b"after"
        await node.broker.close()
