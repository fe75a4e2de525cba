"""Start a peer's server, or two on one Redis, each on loopback and all on the server's core."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from tests.bench.engine.library import BUILT
from tests.bench.machine import GENERATOR_CORE, SERVER_CORE, pin
from tests.bench.node import ROOT, free_port
from tests.bench.peers.catalogue import Peer
from tests.bench.side_by_side.loads import Load
from tests.contract.redis_server import RedisServer
from tests.contract.server import running

_LONGEST_START: Final = 30.0
_LONGEST_END: Final = 10.0


class NotStarted(Exception):
    """A server ended, or didn't listen in time; the message is its last output."""


@dataclass(frozen=True, slots=True)
class Running:
    """The started processes."""

    ports: Sequence[int]
    servers: Sequence[int]
    brokers: Sequence[int] = ()


@contextmanager
def serving(peer: Peer, load: Load) -> Iterator[Running]:
    """Run a peer's nodes for the time of the block, on a Redis of their own if they need one."""
    program = peer.make()
    with ExitStack() as ends:
        pin(0, SERVER_CORE)
        try:
            address, brokers = ends.enter_context(_redis()) if load.redis else ("", [])
            ports = [free_port() for _ in range(load.nodes)]
            command, environment = _how(peer, load)
            started = []
            for port in ports:
                values = {"program": program, "port": port, "redis": address, "ping": load.rest}
                filled = [part.format(**values) for part in command]
                own = {name: value.format(**values) for name, value in environment.items()}
                started.append(ends.enter_context(_process(peer, filled, own)))
            for port, process in zip(ports, started, strict=True):
                _wait_for(peer, port, process)
        finally:
            pin(0, GENERATOR_CORE)
        yield Running(ports, [process.pid for process in started], brokers)


def _how(peer: Peer, load: Load) -> tuple[list[str], dict[str, str]]:
    """Return a peer's command and its environment in addition to ours, with placeholders."""
    command, environment = [*peer.command], {**peer.environment}
    if load.redis:
        command += peer.with_redis or ()
        environment |= peer.redis_environment
    if load.rest:
        command += peer.with_ping
        environment |= peer.ping_environment
    if load.workers > 1:
        environment["HUBBUB_WORKERS"] = str(load.workers)
    return command, environment


@contextmanager
def _process(peer: Peer, command: Sequence[str], own: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUBBUB_", "BROKER"))}
    with (
        _log(peer).open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env={**kept, **own}, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_LONGEST_END)
            except subprocess.TimeoutExpired:
                process.kill()


def _log(peer: Peer) -> Path:
    BUILT.mkdir(parents=True, exist_ok=True)
    return BUILT / f"{peer.name}.log"


@contextmanager
def _redis() -> Iterator[tuple[str, list[int]]]:
    port = free_port()
    # Over TCP, because not every client library supports a Unix socket.
    with running(RedisServer("--port", str(port), "--bind", "127.0.0.1")) as server:
        yield f"redis://127.0.0.1:{port}", [server.pid]


def _wait_for(peer: Peer, port: int, process: subprocess.Popen[bytes]) -> None:
    end = monotonic() + _LONGEST_START
    while monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.05)
    said = _log(peer).read_text(errors="replace").strip()[-500:]
    raise NotStarted(f"{peer.name} did not start: {said or 'it said nothing'}")
