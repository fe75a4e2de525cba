"""The latency that each broker adds: nodes on all of them at once, with messages in turn."""

from __future__ import annotations

import gc
import select
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from statistics import quantiles
from time import monotonic
from typing import Final

from tests.bench.brokers.finding import Finding, Meter
from tests.bench.brokers.parts import NAMES, Backbone, backbone
from tests.bench.crowd import Crowd
from tests.bench.loads import Scale, finish
from tests.bench.node import Server, serving
from tests.bench.speaker import Speaker
from tests.bench.stream import Stream

RATE: Final = 100
DESCRIPTION: Final = (
    f"10 rooms of 3 members on each of three nodes at once, {RATE} messages/s to each node, in turn, so that "
    "all brokers are disturbed alike"
)
_ROOMS: Final = 10
_MEMBERS: Final = 3
_WARM_UP: Final = 1.3
_LONGER: Final = 3  # than other loads, for p99
_MICRO: Final = 1e6
_MILLI: Final = 1e3


@dataclass(frozen=True, slots=True)
class _Side:
    broker: Backbone
    node: Server
    crowd: Crowd
    streams: list[Stream]
    speakers: list[Speaker]


def run(scale: Scale) -> Iterator[Finding]:
    """Measure one round."""
    gc.collect()
    with ExitStack() as parts:
        sides = [_open(parts, name) for name in NAMES]
        _speak(sides, _WARM_UP)
        for stream in chain.from_iterable(side.streams for side in sides):
            stream.latencies = array("d")
        processes = [
            number for side in sides for number in (side.node.process, side.broker.process) if number
        ]
        meters = [_meter(side, processes) for side in sides]
        sent = _speak(sides, _LONGER * scale.seconds)
        # All are stopped before any is read: later deliveries would count.
        uses = [meter.stop() for meter in meters]
        for side, (use, cpu, share) in zip(sides, uses, strict=True):
            figures = {
                **_latency(side.streams),
                "node µs": _MICRO * use.cpu / sent,
                "broker µs": _MICRO * cpu / sent,
            }
            right = finish(side.crowd, side.speakers)
            yield Finding(
                case="", name=side.broker.name, figures=figures, use=use, broker=share, in_order=right
            )


def _open(parts: ExitStack, name: str) -> _Side:
    broker = parts.enter_context(backbone(name))
    node = parts.enter_context(serving(**broker.settings()))
    crowd = parts.enter_context(Crowd(node.port))
    streams = [Stream() for _ in range(_ROOMS)]
    crowd.open(
        ((f"m{n}", f"room-{n % _ROOMS}", streams[n % _ROOMS]) for n in range(_ROOMS * _MEMBERS)), _ROOMS
    )
    for client in crowd.clients:
        client.timed = True
    return _Side(broker, node, crowd, streams, [Speaker(c, n) for n, c in enumerate(crowd.clients)])


def _meter(side: _Side, processes: Sequence[int]) -> Meter:
    own = {side.node.process, side.broker.process}
    return Meter(side.node.process, side.broker.process, *(n for n in processes if n not in own))


def _speak(sides: Sequence[_Side], seconds: float) -> int:
    """Send at a steady pace to the sides in turn; return how many messages each was sent."""
    started, count = monotonic(), int(RATE * seconds)
    for number in range(count * len(sides)):
        due = started + number / (RATE * len(sides))
        _serve(sides, due)
        turn, side = divmod(number, len(sides))
        speakers = sides[side].speakers
        speakers[turn % len(speakers)].say(due)
    _serve(sides, started + seconds)
    return count


def _serve(sides: Sequence[_Side], until: float) -> None:
    crowds = [side.crowd for side in sides]
    while (left := until - monotonic()) > 0:
        for crowd in select.select(crowds, [], [], left)[0]:
            crowd.serve(0)


def _latency(streams: Sequence[Stream]) -> dict[str, float]:
    cuts = quantiles(chain.from_iterable(stream.latencies for stream in streams), n=100)
    return {"p50 ms": _MILLI * cuts[49], "p99 ms": _MILLI * cuts[98]}
