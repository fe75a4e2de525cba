"""The servers that are measured: how each is built, started and spoken to. Their folders describe them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from tests.bench.engine.library import Wire
from tests.bench.peers import tools

_SERVER: Final = str(tools.HERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A server. In commands and environments, `{program}`, `{port}`, `{redis}` and `{ping}` are replaced.

    Attributes:
        make: builds the program, and returns its path; raises Missing if that isn't possible here.
        with_redis: added to the command when several nodes share a Redis; None if they can't.
        with_ping: added to it for pings each `{ping}` seconds; empty for a server that sends none.
    """

    name: str
    description: str
    wire: Wire
    make: Callable[[], str]
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    with_redis: tuple[str, ...] | None = None
    redis_environment: Mapping[str, str] = field(default_factory=dict)
    with_ping: tuple[str, ...] = ()
    ping_environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def pings(self) -> bool:
        """Whether it can be configured to ping its clients."""
        return bool(self.with_ping or self.ping_environment)


# A received frame is sent to the room unchanged.
_PLAIN: Final = Wire(path="/ws?room=%r", message="%t")

_HUBBUB: Final = Wire(
    path="/ws",
    subprotocol="hubbub.v1",
    opening=(
        ('{"type":"hello","id":1,"name":"m%m"}', '"type":"welcome"'),
        ('{"type":"join","id":2,"room":"bench-%r","limit":0}', '"type":"joined"'),
    ),
    message='{"type":"send","id":%n,"room":"bench-%r","text":"%t","key":"%k"}',
    answer='{"type":"sent"',
)
_CENTRIFUGE: Final = Wire(
    path="/connection/websocket",
    opening=(
        ('{"id":1,"connect":{}}', '"client"'),
        ('{"id":2,"subscribe":{"channel":"bench-%r"}}', '"subscribe"'),
    ),
    message='{"id":%n,"publish":{"channel":"bench-%r","data":{"text":"%t"}}}',
    ping="{}",
    pong="{}",
)
_SOCKETIO: Final = Wire(
    path="/socket.io/?EIO=4&transport=websocket",
    opening=(("", "0{"), ("40", "40{"), ('420["join","bench-%r"]', "430")),
    message='42["message","bench-%r","%t"]',
    ping="2",
    pong="3",
)

# Limits for users would be measured instead of the server.
_UNLIMITED: Final = {
    "HUBBUB_SENDS_PER_SECOND": "1000000",
    "HUBBUB_SENDS_BURST": "1000000",
    "HUBBUB_ADMISSIONS_PER_SECOND": "100000",
    "HUBBUB_ADMISSIONS_BURST": "100000",
    "HUBBUB_BYTES_PER_SECOND": "1000000000",
    "HUBBUB_ADMISSIONS_PER_ADDRESS": "1000000",
    "HUBBUB_CONNECTIONS_PER_ADDRESS": "1000000",
    "HUBBUB_NAMES_PER_ADDRESS": "1000000",
    "HUBBUB_REQUESTS_PER_ADDRESS": "1000000",
    "HUBBUB_NEW_ROOMS_PER_HOUR": "1000000",
    "HUBBUB_TEXT_CHARACTERS": "20000",
    "HUBBUB_FRAME_BYTES": "262144",
    "HUBBUB_LOG_LEVEL": "warning",
}

PEERS: Final = (
    Peer(
        name="hubbub",
        description="this service: JSON, ids, history and acknowledgements all on",
        wire=_HUBBUB,
        make=lambda: sys.executable,
        command=("{program}", "-m", "service"),
        environment={**_UNLIMITED, "HUBBUB_PORT": "{port}"},
        with_redis=(),
        redis_environment={"BROKER": "redis", "REDIS_URL": "{redis}"},
        ping_environment={"HUBBUB_PING_SECONDS": "{ping}"},
    ),
    Peer(
        name="gorilla",
        description="Go, gorilla/websocket: a hub for each room, two goroutines and a channel per client",
        wire=_PLAIN,
        make=partial(tools.go, "gorilla"),
        command=("{program}", "-address", "127.0.0.1:{port}"),
        with_ping=("-ping", "{ping}s"),
    ),
    Peer(
        name="centrifuge",
        description="Go, centrifugal/centrifuge: JSON protocol, history and recovery on",
        wire=_CENTRIFUGE,
        make=partial(tools.go, "centrifuge"),
        command=("{program}", "-address", "127.0.0.1:{port}"),
        with_redis=("-redis", "{redis}"),
        with_ping=("-ping", "{ping}s"),
    ),
    Peer(
        name="ws",
        description="Node, ws: the README's broadcast",
        wire=_PLAIN,
        make=partial(tools.node, "ws"),
        command=("{program}", f"{_SERVER}/ws/server.js"),
        environment={"PORT": "{port}"},
    ),
    Peer(
        name="socketio",
        description="Node, socket.io: rooms, connection state recovery on",
        wire=_SOCKETIO,
        make=partial(tools.node, "socketio"),
        command=("{program}", f"{_SERVER}/socketio/server.js"),
        environment={"PORT": "{port}"},
        with_redis=(),
        redis_environment={"REDIS_URL": "{redis}"},
    ),
    Peer(
        name="websockets",
        description="Python, websockets: its broadcast()",
        wire=_PLAIN,
        make=partial(tools.python, "websockets"),
        command=("{program}", f"{_SERVER}/websockets/server.py", "{port}"),
    ),
    Peer(
        name="sanic",
        description="Python, Sanic as documented: await ws.send() to each member",
        wire=_PLAIN,
        make=partial(tools.python, "sanic"),
        command=("{program}", f"{_SERVER}/sanic/server.py", "{port}"),
    ),
    Peer(
        name="floor",
        description="C: a bare loop that only writes, one write for each delivery",
        wire=_PLAIN,
        make=tools.floor,
        command=("{program}", "{port}"),
    ),
    Peer(
        name="floor-1ms",
        description="C: the same, gathered for 1 ms",
        wire=_PLAIN,
        make=tools.floor,
        command=("{program}", "{port}", "1"),
    ),
)
