"""What grows: the size of a room, the rate of messages, the number of connections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench.side_by_side.loads import Load

_BEST: Final = ("hubbub", "gorilla", "centrifuge")
# The means of a round are from a few messages at least (seconds, messages).
_WINDOW, _FEWEST = 2.5, 40
# In a large room the walk for a message is long.
_LARGE, _LARGE_WINDOW = 10_000, 4.0
# A server below this share of the due deliveries, or of the members, has fallen behind.
_ENOUGH: Final = 0.95
# A point that doesn't fit is measured at the limit, if that is nearly as much.
_NEARLY: Final = 0.9
_ROOM: Final = 100
# Each client is pinged once in this time, and the clients are observed for as long (seconds).
_PING: Final = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a round (`name`) and its plot: `upward` has its unit, `plot` is the name of its file."""

    name: str
    title: str
    upward: str
    plot: str
    less_is_better: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A load with one growing parameter.

    Attributes:
        description: a description.
        across: the growing parameter, with its unit.
        points, quick: its values; in a quick run.
        load: returns the load at a point, and its seconds.
        connections: returns the number of connections at a point.
    """

    name: str
    description: str
    across: str
    points: Sequence[int]
    quick: Sequence[int]
    peers: Sequence[str]
    figures: Sequence[Figure]
    load: Callable[[int], tuple[Load, float]]
    connections: Callable[[int], int]


def fitting(sweep: Sweep, points: Sequence[int], most: int | None) -> list[int]:
    """Return the points that so many connections allow; one that is slightly too large is lowered."""
    if most is None:
        return [*points]
    fits = [point for point in points if sweep.connections(point) <= most]
    if fits and len(fits) < len(points) and sweep.connections(points[len(fits)]) * _NEARLY <= most:
        fits.append((most - sweep.connections(0)) // 100 * 100)
    return fits


def fallen_behind(load: Load, deliveries: float, closed: int) -> bool:
    """Return whether a server with so many deliveries a second, and so many closed members, is too slow."""
    members = load.members * load.rooms
    late = deliveries < _ENOUGH * load.rate * members
    return bool(load.rate) and (late or closed > (1 - _ENOUGH) * members)


def _size(members: int) -> tuple[Load, float]:
    load = Load(name=f"size {members}", description="", members=members, in_flight=8)
    return load, _LARGE_WINDOW if members >= _LARGE else _WINDOW


def _rate(rate: int) -> tuple[Load, float]:
    return Load(name=f"rate {rate}", description="", rate=rate), max(_WINDOW, _FEWEST / rate)


def _connections(count: int) -> tuple[Load, float]:
    rooms = max(1, count // _ROOM)
    return Load(name=f"connections {count}", description="", rooms=rooms, members=_ROOM, rest=_PING), 0


SIZE: Final = Sweep(
    name="size",
    description="one room; 4 members speak, each with 8 messages in flight until it has seen them itself",
    across="members of the room",
    points=(10, 30, 100, 300, 1000, 3000, 10_000, 20_000),
    quick=(10, 300, 3000),
    peers=_BEST,
    figures=(
        Figure(
            "CPU µs/delivery", "What a delivery costs, saturated", "CPU, µs a delivery", "growth-size-cpu"
        ),
        Figure(
            "deliveries/s",
            "What gets through, saturated",
            "deliveries/s",
            "growth-size-deliveries",
            less_is_better=False,
        ),
    ),
    load=_size,
    connections=lambda point: point,
)
RATE: Final = Sweep(
    name="rate",
    description="one room of 900; so many messages a second, each at its time, until the server falls behind",
    across="messages a second into a room of 900",
    points=(5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000),
    quick=(20, 200, 2000),
    peers=_BEST,
    figures=(
        Figure("CPU µs/delivery", "What a delivery costs, by load", "CPU, µs a delivery", "growth-rate-cpu"),
        Figure("p50 ms", "How late half of all deliveries are at most", "latency p50, ms", "growth-rate-p50"),
        Figure("p99 ms", "How late 99 % of all deliveries are at most", "latency p99, ms", "growth-rate-p99"),
    ),
    load=_rate,
    connections=lambda _: 900,
)
CONNECTIONS: Final = Sweep(
    name="connections",
    description=f"rooms of {_ROOM}; 256 on their way at any time, then all at rest, pinged each {_PING} s",
    across="connections",
    points=(1000, 2000, 5000, 10_000, 20_000),
    quick=(1000, 5000),
    peers=(*_BEST, "ws"),
    figures=(
        Figure(
            "KiB/connection",
            "What a connection holds",
            "memory, KiB a connection",
            "growth-connections-memory",
        ),
        Figure("MiB", "What the server holds", "memory, MiB", "growth-connections-total"),
        Figure(
            "CPU µs/connection",
            "What it costs that a connection comes",
            "CPU, µs a connection",
            "growth-connections-cpu",
        ),
        Figure(
            "% of a core",
            f"What it costs to be there, pinged each {_PING} s",
            "CPU, % of a core",
            "growth-connections-rest",
        ),
    ),
    load=_connections,
    # Some connect first, to pay for what is created only once.
    connections=lambda point: point + 100,
)
SWEEPS: Final = (SIZE, RATE, CONNECTIONS)
