"""What an archive costs a sender: acknowledged messages/s, and latency at a low load, with and without it."""

from __future__ import annotations

import gc
import tempfile
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import quantiles
from time import monotonic
from typing import Final

from tests.bench.brokers.parts import NAMES, backbone
from tests.bench.brokers.relay import Relay
from tests.bench.crowd import Crowd
from tests.bench.loads import Scale, finish
from tests.bench.machine import beside_the_node
from tests.bench.node import Server, serving
from tests.bench.stream import Stream
from tests.contract.postgres_server import PostgresServer
from tests.contract.server import running

SAYS: Final = (
    "one room of 10; as many messages/s as are acknowledged with 128 in flight, then the latency at 100 "
    "messages/s. SQLite commits before the answer, PostgreSQL is copied to afterwards"
)
_MEMBERS: Final = 10
_IN_FLIGHT: Final = 128
_RATE: Final = 100
_WARM_UP: Final = 1.3
_MILLI: Final = 1e3


def run(scale: Scale) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Measure each broker with and without an archive, each with new servers."""
    for name in NAMES:
        for has_archive in (False, True):
            gc.collect()
            archived = f"{name}, {_archive_of(name)}" if has_archive else name
            with (
                backbone(name) as broker,
                _archive(name, has_archive=has_archive) as url,
                serving(**broker.settings(), ARCHIVE_URL=url) as node,
            ):
                yield archived, _measure(node, scale)


def _archive_of(broker: str) -> str:
    return "SQLite" if broker == "memory" else "PostgreSQL"


@contextmanager
def _archive(broker: str, *, has_archive: bool) -> Iterator[str]:
    if not has_archive:
        yield ""
    elif broker == "memory":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/hubbub.sqlite"
    else:
        with beside_the_node(), running(PostgresServer()) as server:
            yield server.url


def _measure(node: Server, scale: Scale) -> Mapping[str, float]:
    with Crowd(node.port) as crowd:
        stream = Stream()
        crowd.open(((f"m{number}", "room", stream) for number in range(_MEMBERS)), _MEMBERS)
        for client in crowd.clients:
            client.timed = True
        relay = Relay(crowd.clients)
        relay.start(_IN_FLIGHT)
        crowd.idle(_WARM_UP)
        before, started = relay.acknowledged, monotonic()
        crowd.idle(scale.seconds)
        rate = (relay.acknowledged - before) / (monotonic() - started)
        relay.stop()
        crowd.idle(_WARM_UP)
        stream.latencies = array("d")
        _speak(crowd, relay, 2 * scale.seconds)
        cuts = quantiles(stream.latencies, n=100)
        finish(crowd, relay.speakers)
        return {"messages/s": rate, "p50 ms": _MILLI * cuts[49], "p99 ms": _MILLI * cuts[98]}


def _speak(crowd: Crowd, relay: Relay, seconds: float) -> None:
    started = monotonic()
    for number in range(int(_RATE * seconds)):
        due = started + number / _RATE
        while (left := due - monotonic()) > 0:
            crowd.serve(left)
        relay.speakers[number % len(relay.speakers)].say(due)
    crowd.idle(0.5)
