"""The time that a node takes to repair the gaps after it was disconnected from its broker."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from tests.bench.brokers.finding import Finding, Meter
from tests.bench.brokers.parts import WITH_SERVERS, Backbone, backbone
from tests.bench.brokers.relay import Relay
from tests.bench.client import Broken
from tests.bench.crowd import Crowd
from tests.bench.loads import Scale
from tests.bench.node import Server, serving
from tests.bench.stream import Stream
from tests.contract.proxy import Answer, Proxy

ENTRIES: Final = 10_000
ROOMS: Final = 100
DESCRIPTION: Final = (
    f"two nodes, {ROOMS} rooms with a member on each; one node is disconnected from the broker, {ENTRIES:,} "
    "messages are sent on the other, then the connection is restored"
)
_IN_FLIGHT: Final = 128
_SETTLE: Final = 1.3
_LONGEST: Final = 60.0
_MICRO: Final = 1e6


def run(scale: Scale) -> Iterator[Finding]:
    """Measure one round."""
    del scale  # the load has a fixed size
    for name in WITH_SERVERS:
        gc.collect()
        with (
            backbone(name) as broker,
            _proxy(broker) as (proxy, port),
            serving(**broker.settings(port)) as cut,
            serving(**broker.settings()) as other,
            Crowd(cut.port) as missing,
            Crowd(other.port) as talking,
        ):
            yield _measure(broker, (cut, other), proxy, missing, talking)


@contextmanager
def _proxy(broker: Backbone) -> Iterator[tuple[Proxy, int]]:
    proxy = Proxy(broker.port, Answer())
    try:
        yield proxy, asyncio.run(proxy.open())
    finally:
        asyncio.run(proxy.close())


def _measure(
    broker: Backbone, nodes: tuple[Server, Server], proxy: Proxy, missing: Crowd, talking: Crowd
) -> Finding:
    streams = [Stream() for _ in range(ROOMS)]
    for crowd, letter in ((missing, "m"), (talking, "t")):
        crowd.open(((f"{letter}{n}", f"room-{n}", streams[n]) for n in range(ROOMS)), ROOMS)
    missing.idle(_SETTLE)
    asyncio.run(proxy.refuse())
    relay = Relay(talking.clients)
    relay.start(_IN_FLIGHT, most=ENTRIES)
    relay.finish(talking)
    talking.drain(lambda: sum(len(stream.ends) for stream in streams) == ENTRIES)
    missing.idle(0.1)
    if missing.deliveries():
        raise Broken("the disconnected node received something")
    meter = Meter(nodes[0].process, broker.process, nodes[1].process)
    asyncio.run(proxy.accept())
    first, last = _until_repaired(missing)
    use, broker_cpu, share = meter.stop()
    made = missing.deliveries()
    figures = {
        "back s": first,
        "repair s": last - first,
        "node µs": _MICRO * use.cpu / ENTRIES,
        "broker µs": _MICRO * broker_cpu / ENTRIES,
    }
    right = (made - sum(stream.disorder for stream in streams)) / ENTRIES
    return Finding(case="", name=broker.name, figures=figures, use=use, broker=share, in_order=right)


def _until_repaired(crowd: Crowd) -> tuple[float, float]:
    """Receive until all have everything; return the seconds until the first and the last message."""
    started = monotonic()
    first = None
    while monotonic() - started < _LONGEST:
        crowd.serve(0.1)
        if first is None and any(client.position for client in crowd.clients):
            first = monotonic() - started
        if first is not None and all(c.position == len(c.stream.data) for c in crowd.clients):
            return first, monotonic() - started
    raise Broken(f"what was missed was not repaired within {_LONGEST:.0f} s")
