"""The performance targets, as ratios of figures of one run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.bench.side_by_side.results import Results, typical

US: Final = "hubbub"


@dataclass(frozen=True, slots=True)
class Target:
    """Our figure divided by a peer's, and its bound.

    Attributes:
        most: whether the bound is an upper one; otherwise it is a lower one.
        ours: the load of our figure, if it differs from the peer's.
    """

    load: str
    figure: str
    peers: tuple[str, ...]
    bound: float
    most: bool = True
    ours: str = ""


_OTHERS: Final = ("ws", "socketio", "websockets", "sanic")
_SLOWED: Final = ("gorilla", "centrifuge", *_OTHERS)

TARGETS: Final = (
    Target("echo", "deliveries/s", ("gorilla", "centrifuge"), 2.0, most=False),
    Target("echo", "CPU µs/delivery", ("gorilla", "centrifuge"), 0.4),
    Target("echo", "deliveries/s", ("floor-1ms",), 0.6, most=False),
    Target("pace100", "CPU µs/delivery", ("gorilla",), 0.7),
    Target("pace100", "CPU µs/delivery", ("floor",), 1.0),
    Target("pace20", "p50 ms", ("gorilla", "centrifuge"), 1.0),
    Target("pace20", "p99 ms", ("gorilla", "centrifuge"), 1.0),
    Target("small", "CPU µs/message", ("centrifuge",), 1.0),
    Target("small", "CPU µs/message", _OTHERS, 0.5),
    Target("idle", "KiB/connection", ("centrifuge", "gorilla"), 0.7),
    Target("storm", "connections/s", ("ws", "centrifuge"), 1.0, most=False),
    Target("pace1k", "p99 ms", (US,), 1.2, ours="stalled"),
    Target("nodes", "deliveries/CPU s", ("centrifuge", "socketio"), 1.5, most=False),
)


_HEAD: Final = (
    "| load | figure | hubbub | peer | | ratio | wanted | |",
    "| --- | --- | ---: | --- | ---: | ---: | ---: | --- |",
)


def markdown(results: Results) -> str:
    """Return which targets were reached."""
    return "\n".join([*_HEAD, *(row for target in TARGETS for row in _rows(target, results)), ""])


def _rows(target: Target, results: Results) -> Iterator[str]:
    ours = typical(results, target.ours or target.load, US, target.figure)
    wanted = f"{'≤' if target.most else '≥'} {target.bound}"
    for peer in target.peers:
        theirs = typical(results, target.load, peer, target.figure)
        name = f"{peer} ({target.load})" if target.ours else peer
        load = target.ours or target.load
        row = f"| {load} | {target.figure} | {_number(ours)} | {name} | {_number(theirs)} |"
        if not ours or not theirs:
            yield f"{row} - | {wanted} | not measured |"
            continue
        ratio = ours / theirs
        reached = ratio <= target.bound if target.most else ratio >= target.bound
        yield f"{row} {ratio:.2f} | {wanted} | {'reached' if reached else '**not reached**'} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"
