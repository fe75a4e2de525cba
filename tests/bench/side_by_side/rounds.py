"""One round: one server under one load, and its figures."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.bench.engine.library import ANSWER, ECHO, QUIET, Counts, Crowd
from tests.bench.peers.catalogue import Peer
from tests.bench.side_by_side import usage
from tests.bench.side_by_side.loads import Load
from tests.bench.side_by_side.servers import Running, serving
from tests.bench.side_by_side.usage import Use

# Presence is broadcast within a second after a join: only then is the room quiet.
_SETTLE = 1.2
_WARM_UP = 0.5
_FIRST = 100
# After this time without a delivery no more are expected (seconds).
_PATIENCE, _SHORT_PATIENCE = 10.0, 2.0
_MICRO, _MILLI, _KIB, _PERCENT = 1e6, 1e3, 1024, 100
# Above this share of a core, running or ready to run, a process is saturated.
_FULL = 0.9
# Above this share of a core, other processes distort the figures.
_DISTURBED = 0.1


@dataclass(frozen=True, slots=True)
class Round:
    """The figures of one round.

    Attributes:
        arrived: the share of deliveries made once and in their sender's order; None where nothing is sent.
        one_order: whether all of a room's members received the same order.
        closed: members that the server closed.
    """

    figures: Mapping[str, float]
    use: Use
    arrived: float | None
    one_order: bool
    closed: int

    @property
    def refused(self) -> bool:
        """Whether the generator was the bottleneck: then the figures don't describe the server."""
        busy = self.use.generator + self.use.generator_waited
        return busy > _FULL and self.use.server + self.use.server_waited < _FULL

    @property
    def disturbed(self) -> bool:
        """Whether other processes disturbed the round."""
        return self.use.others > _DISTURBED


def fits(peer: Peer, load: Load) -> bool:
    """Return whether the peer supports the load."""
    if load.workers > 1 or load.acknowledged:
        return peer.name == "hubbub"
    if load.stalled_every and peer.name.startswith("floor"):
        return False  # a slow member would miss half a frame
    return not load.redis or peer.with_redis is not None


def run(peer: Peer, load: Load, seconds: float) -> Round:
    """Start the peer, put it under the load, and return the figures.

    Raises:
        NotStarted: it ended, or didn't listen in time.
    """
    # Collect the garbage of earlier rounds before this one.
    gc.collect()
    most = load.rooms * load.members + _FIRST
    with (
        serving(peer, load) as running,
        Crowd(peer.wire, running.ports, most=most, rooms=load.rooms, text_size=load.text) as crowd,
    ):
        return _arrive(running, crowd, load) if load.arrives else _talk(running, crowd, load, seconds)


def _arrive(running: Running, crowd: Crowd, load: Load) -> Round:
    # The first ones pay for what is loaded and created only once.
    crowd.open(_FIRST, at_once=10)
    crowd.run(_SETTLE)
    memory, before = usage.memory(running.servers), usage.read(running.servers)
    count = load.rooms * load.members
    seconds = crowd.open(count, at_once=load.at_once)
    use = usage.between(before, usage.read(running.servers))
    crowd.run(_SETTLE)
    counts = crowd.counts
    came = counts.joined - _FIRST
    grown = usage.memory(running.servers)
    figures = {
        "connections/s": came / seconds,
        "CPU µs/connection": _MICRO * use.cpu / max(1, came),
        "KiB/connection": (grown - memory) / max(1, came) / _KIB,
        "MiB": grown / _KIB**2,
        "came": came / count,
    }
    if load.rest:
        figures["% of a core"], others = _rest(running, crowd, load.rest)
        use = replace(use, others=max(use.others, others))
    return Round(figures, use, None, one_order=True, closed=crowd.counts.closed)


def _rest(running: Running, crowd: Crowd, seconds: float) -> tuple[float, float]:
    """Measure the cost of idle connections, in percent of a core, and the usage of other processes."""
    before, had = usage.read(running.servers), usage.on_core(running.servers)
    crowd.run(seconds)
    use, has = usage.between(before, usage.read(running.servers)), usage.on_core(running.servers)
    return _PERCENT * (has - had) / use.seconds, use.others


def _talk(running: Running, crowd: Crowd, load: Load, seconds: float) -> Round:
    wanted = load.rooms * load.members
    crowd.open(wanted, at_once=load.at_once, stalled_every=load.stalled_every)
    came = crowd.counts.joined / wanted
    crowd.run(_SETTLE)
    crowd.speakers(load.speakers)
    if load.in_flight:
        crowd.talk(ANSWER if load.acknowledged else ECHO, load.in_flight)
    crowd.run(_WARM_UP, load.rate)
    crowd.forget_latencies()
    first, before = crowd.counts, usage.read(running.servers, running.brokers)
    crowd.run(seconds, load.rate)
    use, last = usage.between(before, usage.read(running.servers, running.brokers)), crowd.counts
    figures = _figures(first, last, use)
    figures |= {"came": came} | {name: _MILLI * crowd.latency(share) for name, share in _SHARES}
    crowd.talk(QUIET)
    hearing = load.members - crowd.stalled / load.rooms
    # A closed member receives no more, so the number of expected deliveries is unknown.
    patience = _PATIENCE if not crowd.counts.closed else _SHORT_PATIENCE
    crowd.drain(int(crowd.counts.said * hearing), patience)
    counts = crowd.counts
    arrived = (counts.delivered - counts.wrong) / max(1, counts.said * hearing)
    return Round(figures, use, arrived, one_order=not crowd.other_orders(), closed=counts.closed)


_SHARES = (("p50 ms", 0.5), ("p99 ms", 0.99), ("p99.9 ms", 0.999))


def _figures(first: Counts, last: Counts, use: Use) -> dict[str, float]:
    made, said = last.delivered - first.delivered, last.said - first.said
    figures = {
        "deliveries/s": made / use.seconds,
        "messages/s": said / use.seconds,
        "CPU µs/delivery": _MICRO * use.cpu / max(1, made),
        "CPU µs/message": _MICRO * use.cpu / max(1, said),
        "deliveries/CPU s": made / max(1e-9, use.cpu + use.broker_cpu),
        "deliveries/read": made / max(1, last.reads - first.reads),
    }
    if use.broker_cpu:
        figures["broker µs/delivery"] = _MICRO * use.broker_cpu / max(1, made)
    return figures
