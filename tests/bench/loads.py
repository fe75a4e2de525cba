"""The loads: each starts its own server, puts it under one load, and returns the figures."""

from __future__ import annotations

import gc
import os
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from statistics import quantiles
from time import monotonic
from typing import Final

from tests.bench import machine
from tests.bench.crowd import Crowd
from tests.bench.machine import Use
from tests.bench.node import Server, serving
from tests.bench.speaker import Speaker
from tests.bench.stream import Stream

# Presence is broadcast within a second after a join: only then is the room quiet.
_SETTLE: Final = 1.3
_WARM_UP: Final = 0.5
_AT_ONCE: Final = 256
_MICRO: Final = 1e6
_MILLI: Final = 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The sizes of all loads."""

    rounds: int
    seconds: float
    members: int = 900
    connections: int = 5000


@dataclass(frozen=True, slots=True)
class Round:
    """The figures of one round.

    Attributes:
        in_order: the share of deliveries that were made once, in the room's order; None if none are sent.
        load: the machine's load average at the start of the round, a sign of other processes.
    """

    figures: Mapping[str, float]
    use: Use
    in_order: float | None
    load: float


@dataclass(frozen=True, slots=True)
class Load:
    """One load; `description` describes it to the reader of the table."""

    name: str
    description: str
    run: Callable[[Scale], Round]


@contextmanager
def _server_and_crowd() -> Iterator[tuple[Server, Crowd]]:
    # Collect the garbage of earlier rounds before this one.
    gc.collect()
    with serving() as server, Crowd(server.port) as crowd:
        yield server, crowd


def _measure(server: Server, crowd: Crowd, seconds: float) -> Use:
    before = machine.read(server.process)
    crowd.idle(seconds)
    return machine.between(before, machine.read(server.process))


def finish(crowd: Crowd, speakers: list[Speaker]) -> float:
    """Stop sending, wait for the rest, and return the share of correct deliveries."""
    for speaker in speakers:
        speaker.talking = False
    streams = {client.stream for client in crowd.clients}
    sent = sum(speaker.sent for speaker in speakers)
    # Fan-out may follow the acknowledgements: an acknowledged message may not be delivered yet.
    crowd.drain(lambda: sum(len(stream.ends) for stream in streams) == sent)
    # Every message counts, even if it was never delivered; all rooms have the same size.
    wanted = sent * len(crowd.clients) / len(streams)
    return (crowd.deliveries() - sum(stream.disorder for stream in streams)) / wanted


def fan_out(scale: Scale, *, echo: bool) -> Round:
    """One large room, saturated: the cost of a delivery."""
    load = os.getloadavg()[0]
    with _server_and_crowd() as (server, crowd):
        stream = _one_room(crowd, scale)
        speakers = [Speaker(client, n, echo=echo) for n, client in enumerate(crowd.clients[:4])]
        # Timing all members would cost more than receiving; this one is in the middle of the walk.
        crowd.clients[scale.members // 2].timed = True
        for speaker in speakers:
            speaker.talk(8)
        crowd.idle(_WARM_UP)
        before, stream.latencies = crowd.deliveries(), array("d")
        use = _measure(server, crowd, scale.seconds)
        made = crowd.deliveries() - before
        figures = {
            "deliveries/s": made / use.seconds,
            "server CPU µs per delivery": _MICRO * use.cpu / made,
            "bytes per frame": len(stream.data) / len(stream.ends),
            **_latency(stream),
        }
        return Round(figures, use, finish(crowd, speakers), load)


def talk(scale: Scale) -> Round:
    """Many small rooms in which all members send: the cost of an incoming message."""
    load = os.getloadavg()[0]
    with _server_and_crowd() as (server, crowd):
        streams = [Stream() for _ in range(100)]
        crowd.open(((f"m{n}", f"room-{n % 100}", streams[n % 100]) for n in range(300)), _AT_ONCE)
        crowd.idle(_SETTLE)
        speakers = [Speaker(client, n) for n, client in enumerate(crowd.clients)]
        for speaker in speakers:
            speaker.talk(1)
        for client in crowd.clients[:100]:
            client.timed = True
        crowd.idle(_WARM_UP)
        for stream in streams:
            stream.latencies = array("d")
        before = sum(speaker.acknowledged for speaker in speakers)
        use = _measure(server, crowd, scale.seconds)
        made = sum(speaker.acknowledged for speaker in speakers) - before
        figures = {
            "messages in/s": made / use.seconds,
            "server CPU µs per message in": _MICRO * use.cpu / made,
            **_latency(*streams),
        }
        return Round(figures, use, finish(crowd, speakers), load)


def arrive(scale: Scale, *, at_once: int) -> Round:
    """Many connections at once that are then idle: the cost of each, in time and in memory."""
    load = os.getloadavg()[0]
    with _server_and_crowd() as (server, crowd):
        # The first ones pay for what is loaded and created only once.
        crowd.open(((f"w{n}", f"room-{n % 100}", Stream()) for n in range(100)), 10)
        crowd.idle(_SETTLE)
        memory, before = machine.memory_of(server.process), machine.read(server.process)
        wanted = ((f"m{n}", f"room-{n % 100}", Stream()) for n in range(scale.connections))
        seconds = crowd.open(wanted, at_once)
        use = machine.between(before, machine.read(server.process))
        crowd.idle(_SETTLE)
        figures = {
            "connections/s": scale.connections / seconds,
            "server CPU µs per connection": _MICRO * use.cpu / scale.connections,
            "KiB per connection": (machine.memory_of(server.process) - memory) / scale.connections / 1024,
        }
        return Round(figures, use, None, load)


def pace(scale: Scale, *, rate: int) -> Round:
    """One large room at a steady pace: the latency of a message."""
    load = os.getloadavg()[0]
    with _server_and_crowd() as (server, crowd):
        stream = _one_room(crowd, scale)
        for client in crowd.clients:
            client.timed = True
        speakers = [Speaker(client, n) for n, client in enumerate(crowd.clients[:4])]
        _speak(crowd, speakers, rate, _WARM_UP)
        stream.latencies = array("d")
        before = machine.read(server.process)
        _speak(crowd, speakers, rate, scale.seconds)
        use = machine.between(before, machine.read(server.process))
        in_order = finish(crowd, speakers)
        figures = {
            **_latency(stream),
            "server CPU µs per delivery": _MICRO * use.cpu / len(stream.latencies),
        }
        return Round(figures, use, in_order, load)


def _one_room(crowd: Crowd, scale: Scale) -> Stream:
    stream = Stream()
    crowd.open(((f"m{n}", "bench", stream) for n in range(scale.members)), _AT_ONCE)
    crowd.idle(_SETTLE)
    return stream


def _latency(*streams: Stream) -> dict[str, float]:
    cuts = quantiles(chain.from_iterable(stream.latencies for stream in streams), n=100)
    return {"p50 ms": _MILLI * cuts[49], "p99 ms": _MILLI * cuts[98]}


def _speak(crowd: Crowd, speakers: list[Speaker], rate: int, seconds: float) -> None:
    """Send at a steady pace, independent of the answers: the text has the time when it was due."""
    started = monotonic()
    for number in range(int(rate * seconds)):
        due = started + number / rate
        while (left := due - monotonic()) > 0:
            crowd.serve(left)
        speakers[number % len(speakers)].say(due)
    crowd.idle(max(0.0, started + seconds - monotonic()))


LOADS: Final = (
    Load(
        "fanout",
        "one room of 900 members, 4 of which send with 8 messages in flight each, until acknowledged",
        partial(fan_out, echo=False),
    ),
    Load(
        "echo",
        "the same, but a message is in flight until its sender has received it itself",
        partial(fan_out, echo=True),
    ),
    Load("talk", "100 rooms of 3 members, all members send with 1 message in flight", talk),
    Load(
        "arrivals",
        "connections into 100 rooms, 256 on their way at any time, then idle",
        partial(arrive, at_once=256),
    ),
    Load(
        "storm",
        "the same, all at once",
        partial(arrive, at_once=1 << 30),
    ),
    Load("pace20", "one room of 900 members, 20 messages/s", partial(pace, rate=20)),
    Load("pace100", "one room of 900 members, 100 messages/s", partial(pace, rate=100)),
)
