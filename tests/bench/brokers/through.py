"""The throughput of each broker, and the cost of a message for the node and the broker."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Final

from tests.bench.brokers.finding import Finding, Meter
from tests.bench.brokers.parts import NAMES, Backbone, backbone
from tests.bench.brokers.relay import Relay
from tests.bench.crowd import Crowd
from tests.bench.loads import Scale, finish
from tests.bench.node import Server, serving
from tests.bench.stream import Stream

DESCRIPTION: Final = (
    "2 members in each room; 128 messages in flight over all rooms, whose members speak in turn, until "
    "acknowledged"
)
ROOMS: Final = (1, 2, 4, 1000)
_IN_FLIGHT: Final = 128
_AT_ONCE: Final = 256
# Presence is broadcast within a second after a join: only then is the room quiet.
_WARM_UP: Final = 1.3
_MICRO: Final = 1e6


def run(scale: Scale) -> Iterator[Finding]:
    """Measure one round: each broker with a new server and a new node."""
    for name in NAMES:
        gc.collect()
        with backbone(name) as broker, serving(**broker.settings()) as node:
            for rooms in ROOMS:
                yield _measure(broker, node, rooms, scale)


def _measure(broker: Backbone, node: Server, rooms: int, scale: Scale) -> Finding:
    with Crowd(node.port) as crowd:
        streams = [Stream() for _ in range(rooms)]
        wanted = ((f"m{rooms}-{n}", f"of-{rooms}-{n % rooms}", streams[n % rooms]) for n in range(2 * rooms))
        crowd.open(wanted, _AT_ONCE)
        relay = Relay(crowd.clients)
        relay.start(_IN_FLIGHT)
        crowd.idle(_WARM_UP)
        before, meter = relay.acknowledged, Meter(node.process, broker.process)
        crowd.idle(scale.seconds)
        use, broker_cpu, share = meter.stop()
        made = relay.acknowledged - before
        relay.stop()
        figures = {
            "messages/s": made / use.seconds,
            "node µs": _MICRO * use.cpu / made,
            "broker µs": _MICRO * broker_cpu / made,
        }
        right = finish(crowd, relay.speakers)
        return Finding(
            case=f"{rooms}", name=broker.name, figures=figures, use=use, broker=share, in_order=right
        )
