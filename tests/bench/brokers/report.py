"""The tables of docs/performance-tables.md about brokers, from the figures of all rounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Final, TypeAlias

from tests.bench.brokers import death, latency, repair, through
from tests.bench.brokers.finding import Finding

Found: TypeAlias = Mapping[str, Sequence[Sequence[Finding]]]

# Above this share of the time the generator may be the bottleneck: there is no figure then.
_BUSY: Final = 0.9
# Above this share of a core, other processes distort the figures.
_DISTURBED: Final = 0.1

DESCRIPTIONS: Final = {
    module.__name__.rpartition(".")[2]: module.DESCRIPTION for module in (through, latency, repair, death)
}


class Row:
    """All rounds of one case of one broker; `base` are those that it is compared with."""

    def __init__(self, rounds: Sequence[Finding], base: Sequence[Finding] = ()) -> None:
        self._rounds = rounds
        self._base = base
        self.name = rounds[0].name
        self.case = rounds[0].case

    @property
    def refused(self) -> bool:
        return median(found.generator for found in self._rounds) > _BUSY

    @property
    def disturbed(self) -> bool:
        return median(found.use.others for found in self._rounds) > _DISTURBED

    @property
    def marked(self) -> str:
        """The name, with a mark if other processes disturbed a round."""
        return self.name + (" \\*" if self.disturbed else "")

    def figure(self, name: str) -> str:
        """Return the median, the lowest and the highest value."""
        return self._text([found.figures[name] for found in self._rounds])

    def added(self, name: str) -> str:
        """Return the difference from the base, round by round."""
        if self._base is self._rounds:
            return "-"
        pairs = zip(self._rounds, self._base, strict=True)
        return self._text([found.figures[name] - base.figures[name] for found, base in pairs])

    def share(self, what: Callable[[Finding], float]) -> str:
        """Return a share of a core."""
        return f"{median(what(found) for found in self._rounds):.0%}"

    @property
    def in_order(self) -> str:
        return f"{min(found.in_order for found in self._rounds):.4%}"

    def _text(self, values: Sequence[float]) -> str:
        if self.refused:
            return "refused"
        spread = f" ({number(min(values))}-{number(max(values))})" if len(values) > 1 else ""
        return number(median(values)) + spread


def rows(rounds: Sequence[Sequence[Finding]], base: str = "") -> list[Row]:
    """Group the rounds, in the order of the first one."""
    by_key: dict[tuple[str, str], list[Finding]] = {}
    for found in rounds:
        for finding in found:
            by_key.setdefault((finding.case, finding.name), []).append(finding)
    return [Row(found, by_key.get((case, base), [])) for (case, _), found in by_key.items()]


def markdown(machine: str, found: Found) -> str:
    """Return all tables, as they stand in docs/performance-tables.md."""
    tables = {
        "through": ("messages/s", _through),
        "latency": ("latency", _latency),
        "repair": ("repair", _repair),
        "death": ("death", _death),
    }
    lines = [f"{machine}; the broker's server beside the generator.", *_remarks(found), ""]
    for load, (title, table) in tables.items():
        if load in found:
            lines += [f"**{title}**: {DESCRIPTIONS[load]}.", "", *table(found[load]), ""]
    return "\n".join(lines)


def to_json(machine: str, found: Found) -> str:
    """Return all rounds as JSON."""
    loads = {name: [[asdict(one) for one in rnd] for rnd in rounds] for name, rounds in found.items()}
    return json.dumps({"machine": machine, "loads": loads}, indent=2) + "\n"


def right(found: Found) -> bool:
    """Return whether nothing was lost, duplicated or out of order."""
    return all(one.in_order == 1 for rounds in found.values() for rnd in rounds for one in rnd)


def number(value: float) -> str:
    """Format a number with three significant digits."""
    short = float(f"{value:.3g}")
    return f"{short:,.0f}" if abs(short) >= 100 else f"{short:g}"


def _remarks(found: Found) -> list[str]:
    count = len(next(iter(found.values())))
    all_rows = [row for rounds in found.values() for row in rows(rounds)]
    lines = [f"The median of {count} rounds (lowest-highest)." if count > 1 else "One round only."]
    lines.append(
        "All deliveries were in order." if right(found) else "**Messages were lost or out of order.**"
    )
    if any(row.disturbed for row in all_rows):
        lines.append(f"\\* others used more than {_DISTURBED:.0%} of a core meanwhile: no result.")
    if any(row.refused for row in all_rows):
        lines.append(f"*refused*: the generator had less than {1 - _BUSY:.0%} of its time left.")
    return lines


def _through(rounds: Sequence[Sequence[Finding]]) -> Iterable[str]:
    yield "| rooms | broker | messages/s | node, µs a message | broker, µs | node busy | broker | generator |"
    yield "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for row in sorted(rows(rounds), key=lambda row: int(row.case)):
        yield _line(
            f"{int(row.case):,}",
            row.marked,
            *map(row.figure, ("messages/s", "node µs", "broker µs")),
            row.share(lambda found: found.use.server),
            row.share(lambda found: found.broker),
            row.share(lambda found: found.use.generator),
        )


def _latency(rounds: Sequence[Sequence[Finding]]) -> Iterable[str]:
    yield "| broker | p50 ms | added | p99 ms | added | node, µs a message | broker, µs |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for row in rows(rounds, base="memory"):
        p50, p99 = ((row.figure(name), row.added(name)) for name in ("p50 ms", "p99 ms"))
        yield _line(row.marked, *p50, *p99, row.figure("node µs"), row.figure("broker µs"))


def _repair(rounds: Sequence[Sequence[Finding]]) -> Iterable[str]:
    yield "| broker | first, s | first to last, s | node, µs an entry | broker, µs |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for row in rows(rounds):
        yield _line(row.marked, *map(row.figure, ("back s", "repair s", "node µs", "broker µs")))


def _death(rounds: Sequence[Sequence[Finding]]) -> Iterable[str]:
    yield "| broker | half are back, s | the last has all, s | node, µs a client | broker, µs |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for row in rows(rounds):
        yield _line(row.marked, *map(row.figure, ("half back s", "all back s", "node µs", "broker µs")))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
