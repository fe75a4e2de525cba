"""Run a real Redis Cluster: a few servers on free ports, joined as by an operator."""

from __future__ import annotations

import random
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache

from redis import Redis
from redis.exceptions import RedisError, ResponseError
from typing_extensions import override

from brokers.redis.keyspace import SLOTS
from tests.contract.redis_server import find_server
from tests.contract.server import Server, run_on

_WITHIN = 30.0
_BUS = 10_000  # offset of the cluster bus port


def free_ports(number: int) -> list[int]:
    """Find ports that are free with their bus ports, and that the system does not use otherwise."""
    found: list[int] = []
    for port in random.sample(range(11_000, 20_000), 500):
        if len(found) < number and _is_free(port) and _is_free(port + _BUS):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return bool(probe.connect_ex(("127.0.0.1", port)))


def wait_for(holds: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds, with retries while a server is unreachable."""
    end = time.monotonic() + _WITHIN
    while True:
        try:
            if holds():
                return
        except RedisError:
            pass
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {_WITHIN:.0f} s")
        time.sleep(0.02)


class ClusterServer(Server):
    """One server of a cluster. It announces the port `announced`, which may be a proxy's."""

    def __init__(self, port: int, announced: int, *arguments: str) -> None:
        super().__init__()
        self.port = port
        self._arguments = (
            *("--dir", str(self._folder), "--port", str(port), "--bind", "127.0.0.1", "--save", ""),
            *("--logfile", str(self._folder / "log"), "--cluster-enabled", "yes"),
            *("--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", str(announced)),
            *("--cluster-announce-bus-port", str(port + _BUS), "--repl-diskless-sync-delay", "0"),
            *arguments,
        )

    @property
    @override
    def url(self) -> str:
        return f"redis+cluster://127.0.0.1:{self.port}"

    @override
    def start(self) -> None:
        self._process = subprocess.Popen(
            [find_server(), *self._arguments], stdout=subprocess.DEVNULL, text=True
        )
        wait_for(lambda: bool(self.ask("PING")), "a server of the cluster answers")

    def ask(self, *command: str | int) -> object:
        """Send a command to this server, whatever its slots."""
        with Redis(host="127.0.0.1", port=self.port, socket_timeout=5) as client:
            return client.execute_command(*command)

    @property
    def identity(self) -> str:
        """The server's node ID."""
        name = self.ask("CLUSTER", "MYID")
        return name.decode() if isinstance(name, bytes) else str(name)

    def replicates(self) -> bool:
        """Return whether it is a fully synchronised replica."""
        announced_ports = self.ask("INFO", "replication")
        return isinstance(announced_ports, dict) and announced_ports.get("master_link_status") == "up"

    def facts(self) -> dict[str, str]:
        """Return the reply to `CLUSTER INFO`."""
        with Redis(host="127.0.0.1", port=self.port, socket_timeout=5) as client:
            found: dict[str, str] = client.execute_command("CLUSTER INFO")
        return found


class RedisCluster(Server):
    """Primaries with equal shares of the slots, each with a number of replicas."""

    def __init__(
        self,
        *arguments: str,
        primaries: int = 3,
        replicas: int = 0,
        announced: Sequence[int] = (),
        ports: Sequence[int] = (),
    ) -> None:
        super().__init__()
        ports = ports or free_ports(primaries * (1 + replicas))
        announced_ports = announced or ports
        servers = [ClusterServer(*pair, *arguments) for pair in zip(ports, announced_ports, strict=True)]
        self.primaries, self.replicas = servers[:primaries], servers[primaries:]
        self._announced_ports = announced_ports

    @property
    @override
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self._announced_ports[:2])

    @property
    def servers(self) -> list[ClusterServer]:
        """All servers."""
        return [*self.primaries, *self.replicas]

    @override
    def start(self) -> None:
        for server in self.servers:
            server.start()
        share = SLOTS // len(self.primaries) + 1
        for number, server in enumerate(self.primaries):
            server.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            server.ask("CLUSTER", "ADDSLOTS", *range(number * share, min((number + 1) * share, SLOTS)))
        self._join(self.servers)
        wait_for(self._acquainted, "all servers know each other")
        for number, server in enumerate(self.replicas):
            server.ask("CLUSTER", "REPLICATE", self.primaries[number % len(self.primaries)].identity)
        wait_for(self._complete, "the cluster is complete")

    def add(self, server: ClusterServer) -> None:
        """Add a primary, without slots."""
        server.start()
        self.primaries.append(server)
        self._join([self.primaries[0], server])
        wait_for(self._complete, "the cluster is complete again")

    def drop(self, server: ClusterServer) -> None:
        """Stop a primary without slots, and remove it from the cluster."""
        identity = server.identity
        self.primaries.remove(server)
        server.remove()
        for other in self.servers:
            other.ask("CLUSTER", "FORGET", identity)

    def move(self, slot: int, source: ClusterServer, target: ClusterServer) -> None:
        """Move a slot to another primary, like `redis-cli --cluster reshard`."""
        self.begin_move(slot, source, target)
        self.finish_move(slot, source, target)

    def begin_move(self, slot: int, source: ClusterServer, target: ClusterServer) -> None:
        """Mark a slot as migrating."""
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.identity)
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.identity)

    def finish_move(self, slot: int, source: ClusterServer, target: ClusterServer) -> None:
        """Move the keys of a slot, and announce its new owner."""
        while keys := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100):
            assert isinstance(keys, list)
            source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        target.ask("CLUSTER", "SETSLOT", slot, "NODE", target.identity)
        with suppress(ResponseError):  # a primary that gave its last slot away may have become a replica
            source.ask("CLUSTER", "SETSLOT", slot, "NODE", target.identity)

    @override
    def remove(self) -> None:
        for server in self.servers:
            server.remove()
        super().remove()

    def _join(self, servers: Sequence[ClusterServer]) -> None:
        first, *others = servers
        for other in others:
            first.ask("CLUSTER", "MEET", "127.0.0.1", other.port, other.port + _BUS)

    def mend(self) -> None:
        """Restart killed servers, and wait until the cluster is complete."""
        for server in self.servers:
            if not server.runs:
                server.start()
        wait_for(self._complete, "the cluster is whole again")

    def _acquainted(self) -> bool:
        known = {server.facts()["cluster_known_nodes"] for server in self.servers}
        return known == {str(len(self.servers))}

    def _complete(self) -> bool:
        agreed = {str(server.ask("CLUSTER", "SLOTS")) for server in self.servers}
        replicating = all(server.replicates() for server in self.replicas)
        return (
            self._acquainted()
            and replicating
            and len(agreed) == 1
            and all(server.facts()["cluster_state"] == "ok" for server in self.servers)
        )


@cache
def shared_redis_cluster(ports: tuple[int, ...], announced: tuple[int, ...]) -> RedisCluster:
    """Start the cluster that all tests of a session share; each test uses its own prefix."""
    return run_on(RedisCluster("--cluster-node-timeout", "5000", ports=ports, announced=announced))
