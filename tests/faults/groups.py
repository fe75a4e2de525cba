"""Brokers of several servers. A fault meets one of them at a time; the others continue."""

from __future__ import annotations

import asyncio
import time
from itertools import cycle
from typing import Final, TypeVar

from redis.exceptions import RedisError
from typing_extensions import override

from tests.contract.nats_cluster import NatsCluster
from tests.contract.nats_server import NatsServer
from tests.contract.redis_cluster import ClusterServer, RedisCluster
from tests.contract.redis_sentinel import RedisSentinel, WatchedServer
from tests.contract.server import Server
from tests.faults.backbones import Backbone, Nats, Redis
from tests.faults.plan import Fault
from tests.faults.wire import Address

S = TypeVar("S", bound=Server)

_ON_DISK: Final = ("--appendonly", "yes", "--appendfsync", "always")
_WHOLE_WITHIN: Final = 40.0


class Victims:
    """The servers of a group, in the order in which faults meet them."""

    def __init__(self, servers: list[S]) -> None:
        self._turns = cycle(servers)
        self._victim: Server | None = None

    def next(self) -> Server:
        """Choose the next server."""
        self._victim = next(self._turns)
        return self._victim

    @property
    def current(self) -> Server:
        """The server that a fault met last."""
        assert self._victim
        return self._victim


class Group:
    """What a fault does to one server of a group."""

    def __init__(self, servers: list[S]) -> None:
        self._victims = Victims(servers)
        self._whole = False

    @property
    def addresses(self) -> list[Address]:
        """Return nothing: nodes find the servers as these announce each other."""
        return []

    def start(self) -> None:
        """Start all, or the one that was killed."""
        if self._whole:
            self._victims.current.start()
            self.wait_until_whole()
        else:
            self.start_all()
            self._whole = True

    def start_all(self) -> None:
        """Start all servers."""
        raise NotImplementedError

    def wait_until_whole(self) -> None:
        """Wait until the group could lose another server."""
        raise NotImplementedError

    def kill(self) -> None:
        """Kill one."""
        self._victims.next().kill()

    def stop(self) -> None:
        """Terminate one. A server of a group that ends is the same as one that is killed, only slower."""
        self._victims.next().kill()

    def freeze(self) -> None:
        """Suspend one."""
        self._victims.next().freeze()

    def thaw(self) -> None:
        """Resume it."""
        self._victims.current.thaw()
        self.wait_until_whole()

    def kick(self) -> bool:
        """Leave it to the wires."""
        return False

    def refuse(self, fault: Fault) -> None:
        """Plans have no such fault for groups."""
        raise NotImplementedError(fault)

    def accept(self) -> None:
        """Plans have no such fault for groups."""
        raise NotImplementedError


class Shards(Group):
    """A Redis Cluster of three primaries, each with a replica that must have what is acknowledged."""

    def __init__(self) -> None:
        self._cluster = RedisCluster("--cluster-node-timeout", "1000", *_ON_DISK, replicas=1)
        super().__init__(self._cluster.servers)

    def settings(self, ports: list[int]) -> dict[str, str]:  # noqa: ARG002 - there are no wires
        return {"BROKER": "redis", "REDIS_URL": f"{self._cluster.url}?replicas=1"}

    @override
    def start_all(self) -> None:
        self._cluster.start()

    @override
    def wait_until_whole(self) -> None:
        end = time.monotonic() + _WHOLE_WITHIN
        while not all(map(_is_whole, self._cluster.servers)):
            assert time.monotonic() < end, "the cluster is not whole"
            time.sleep(0.1)

    def remove(self) -> None:
        self._cluster.remove()


def _is_whole(server: ClusterServer) -> bool:
    """Return whether a server sees a whole cluster, and has a replica or is one."""
    try:
        replication = server.ask("INFO", "replication")
        state = server.facts()["cluster_state"]
    except RedisError:
        return False
    assert isinstance(replication, dict)
    paired = replication.get("connected_slaves") or replication.get("master_link_status") == "up"
    return state == "ok" and bool(paired)


class Sentinels(Group):
    """A Redis and its replica, which must have what is acknowledged, watched by a sentinel."""

    def __init__(self) -> None:
        self._watched = RedisSentinel("appendonly yes", "appendfsync always")
        servers: list[WatchedServer] = self._watched.servers
        super().__init__(servers)

    def settings(self, ports: list[int]) -> dict[str, str]:  # noqa: ARG002 - there are no wires
        return {"BROKER": "redis", "REDIS_URL": f"{self._watched.url}?replicas=1"}

    @override
    def start_all(self) -> None:
        self._watched.start()

    @override
    def wait_until_whole(self) -> None:
        self._watched.wait_until_whole()

    def remove(self) -> None:
        self._watched.remove()


class Quorum(Group):
    """A NATS cluster of three, of which two must have what is acknowledged."""

    def __init__(self) -> None:
        self._cluster = NatsCluster()
        servers: list[NatsServer] = self._cluster.servers
        super().__init__(servers)

    @property
    @override
    def addresses(self) -> list[Address]:
        return [server.port for server in self._cluster.servers]

    def settings(self, ports: list[int]) -> dict[str, str]:
        urls = ",".join(f"nats://127.0.0.1:{port}" for port in ports)
        return {"BROKER": "nats", "NATS_URL": f"{urls}?replicas=3"}

    @override
    def start_all(self) -> None:
        self._cluster.start()

    @override
    def wait_until_whole(self) -> None:
        asyncio.run(self._cluster.until_ready())

    def remove(self) -> None:
        self._cluster.remove()


_MAKERS: Final[dict[tuple[str, str], type[Redis | Nats | Shards | Sentinels | Quorum]]] = {
    ("redis", "one"): Redis,
    ("redis", "cluster"): Shards,
    ("redis", "sentinel"): Sentinels,
    ("nats", "one"): Nats,
    ("nats", "cluster"): Quorum,
}


def make(broker: str, servers: str) -> Backbone | None:
    """Return the servers of a broker, not started yet; None if it has none."""
    maker = _MAKERS.get((broker, servers))
    return maker() if maker else None
