"""What is under load here: the brokers' real servers, and nodes on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from tests.bench.machine import beside_the_node
from tests.bench.node import free_port
from tests.contract.nats_server import NatsServer
from tests.contract.redis_server import RedisServer
from tests.contract.server import running

NAMES: Final = ("memory", "redis", "nats")
WITH_SERVERS: Final = ("redis", "nats")

# Written to disk each second, as docs/guarantees.md recommends. The file is not rewritten during a
# measurement: that takes another process, at an unpredictable time.
_REDIS: Final = ("--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0")


@dataclass(frozen=True, slots=True)
class Backbone:
    """What joins the nodes: a broker's name, and the port and the process of its server, if it has one."""

    name: str
    port: int = 0
    process: int | None = None

    def settings(self, port: int | None = None) -> Mapping[str, str]:
        """Return a node's settings; `port`: if the node connects through another one."""
        if self.process is None:
            return {"BROKER": self.name}
        url = f"{self.name}://127.0.0.1:{port or self.port}"
        return {"BROKER": self.name, f"{self.name.upper()}_URL": url}


@contextmanager
def backbone(name: str) -> Iterator[Backbone]:
    """Run a broker's server, if it needs one, for the time of the block."""
    if name == "memory":
        yield Backbone(name)
        return
    if name == "redis":
        port = free_port()
        redis = RedisServer(*_REDIS, "--bind", "127.0.0.1", "--port", str(port))
        with beside_the_node(), running(redis):
            yield Backbone(name, port, redis.pid)
    else:
        nats = NatsServer()
        with beside_the_node(), running(nats):
            yield Backbone(name, nats.port, nats.pid)
