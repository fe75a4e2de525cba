"""The time until all clients are back on another node after theirs was killed."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator, Sequence
from random import Random
from statistics import median
from time import monotonic
from typing import Final

from typing_extensions import override

from hubbub_client.sans_io.backoff import backoff
from tests.bench import wire
from tests.bench.brokers.finding import Finding, Meter
from tests.bench.brokers.parts import WITH_SERVERS, Backbone, backbone
from tests.bench.brokers.relay import Relay
from tests.bench.client import Broken, Client
from tests.bench.crowd import Crowd
from tests.bench.loads import Scale
from tests.bench.node import Server, serving
from tests.bench.stream import Stream

CLIENTS: Final = 1000
ROOMS: Final = 100
MISSED: Final = 1000
DESCRIPTION: Final = (
    f"two nodes; {CLIENTS:,} clients in {ROOMS} rooms are on the one that is killed, and reconnect to the "
    "other after the SDKs' first wait (up to 0.5 s, random); meanwhile "
    f"{MISSED:,} messages are sent there, of which each client must receive those of its room"
)
_AT_ONCE: Final = 256
_IN_FLIGHT: Final = 32
_SETTLE: Final = 1.3
_LONGEST: Final = 60.0
_MICRO: Final = 1e6
# A secret of a session's length proves the name to both nodes.
_SESSION: Final = "bench" + 17 * "0"


class Guest(Client):
    """A client whose name is proven on every node."""

    __slots__ = ()

    @override
    def hello(self) -> bytes:
        return wire.command(type="hello", id=1, name=self.name, session=_SESSION)


class Returning(Guest):
    """A guest who lost the connection and resumes after the last message received."""

    __slots__ = ("_since", "back_at")

    def __init__(self, port: int, before: Client, offset: int) -> None:
        super().__init__(port, before.name, before.room, before.stream)
        self.position = before.position
        self._since = {"epoch": before.answer.epoch, "offset": offset}
        self.back_at = 0.0
        self.on_joined = self._back

    @override
    def join(self) -> bytes:
        return wire.command(type="join", id=2, room=self.room, limit=0, since=self._since)

    def _back(self) -> None:
        if not self.answer.recovered:
            raise Broken("a client that reconnected was not recovered")
        self.back_at = monotonic()


def run(scale: Scale) -> Iterator[Finding]:
    """Measure one round."""
    del scale  # the load has a fixed size
    for name in WITH_SERVERS:
        gc.collect()
        with (
            backbone(name) as broker,
            serving(**broker.settings()) as victim,
            serving(**broker.settings()) as heir,
            Crowd(victim.port, Guest) as people,
            Crowd(heir.port) as talking,
        ):
            yield _measure(broker, (victim, heir), people, talking)


def _measure(broker: Backbone, nodes: tuple[Server, Server], people: Crowd, talking: Crowd) -> Finding:
    victim, heir = nodes
    streams = [Stream() for _ in range(ROOMS)]
    talking.open(((f"t{n}", f"room-{n}", streams[n]) for n in range(ROOMS)), ROOMS)
    people.open(((f"m{n}", f"room-{n % ROOMS}", streams[n % ROOMS]) for n in range(CLIENTS)), _AT_ONCE)
    relay = Relay(talking.clients)
    relay.start(_IN_FLIGHT, most=ROOMS)
    relay.finish(talking)
    people.drain(lambda: all(stream.ends for stream in streams))
    talking.idle(_SETTLE)
    had = people.deliveries()
    lost = _in_turn(people.clients)
    meter = Meter(heir.process, broker.process)
    os.kill(victim.process, signal.SIGKILL)
    died = monotonic()
    relay.start(_IN_FLIGHT, most=MISSED)
    back = _come_back(talking, heir.port, lost)
    seconds = _until_all_have_all(talking, back, relay) - died
    use, broker_cpu, share = meter.stop()
    figures = {
        "half back s": median(client.back_at for client in back) - died,
        "all back s": seconds,
        "node µs": _MICRO * use.cpu / CLIENTS,
        "broker µs": _MICRO * broker_cpu / CLIENTS,
    }
    got = sum(client.stream.delivered(client.position) for client in back) - had
    right = (got - sum(stream.disorder for stream in streams)) / (CLIENTS * MISSED / ROOMS)
    return Finding(case="", name=broker.name, figures=figures, use=use, broker=share, in_order=right)


def _in_turn(clients: Sequence[Client]) -> list[tuple[float, Client, int]]:
    """Draw each client's wait, and record its last offset; the shortest wait comes first."""
    lot = Random(1)  # noqa: S311 - the same waits in each round
    waits = sorted(backoff(0, lot.random()) / 1000 for _ in clients)
    return [(wait, client, client.stream.offset) for wait, client in zip(waits, clients, strict=True)]


def _come_back(crowd: Crowd, port: int, lost: Sequence[tuple[float, Client, int]]) -> list[Returning]:
    """Connect each client to a port when its wait is over."""
    started, back = monotonic(), []
    for wait, client, offset in lost:
        if (left := started + wait - monotonic()) > 0:
            crowd.idle(left)
        back.append(Returning(port, client, offset))
        crowd.add(back[-1])
    return back


def _until_all_have_all(crowd: Crowd, back: Sequence[Returning], relay: Relay) -> float:
    end = monotonic() + _LONGEST
    while monotonic() < end:
        crowd.serve(0.1)
        if relay.done and all(c.joined and c.position == len(c.stream.data) for c in back):
            return monotonic()
    raise Broken(f"not all clients were back within {_LONGEST:.0f} s")
