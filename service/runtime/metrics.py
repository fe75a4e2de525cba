"""What a node counts: plain attributes that are added to, made into an exposition when one is asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from typing_extensions import override

from service import __version__

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

ReadValues: TypeAlias = Callable[[], Mapping[str, float]]

_META: Final = "hubbub"
# Labels of one metric; codes that clients say are theirs to choose, so they must not make series without end.
_MAX_LABEL_VALUES: Final = 64
_OTHER: Final = "other"

_SECONDS: Final = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
)
_ENTRIES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)

# Read when the exposition is made, from what `sample` returns.
GAUGES: Final[Mapping[str, str]] = {
    "connections": "Open connections.",
    "connections_limit": "Connections that this node may have: HUBBUB_CONNECTIONS.",
    "rooms": "Rooms that this node is subscribed to.",
    "members": "Members of all rooms on this node, one for each connection in each room.",
    "lagging_members": "Members that read too slowly just now, and are to be caught up.",
    "log_bytes": "Bytes of the messages that the rooms' logs hold.",
    "tasks": "Tasks of the node.",
    "other_nodes": "Other nodes that this one hears.",
    "broker_up": "1 if the broker is in reach, 0 if not.",
}


class LabelledCounter:
    """Counts by label; beyond 64 labels all others are counted as one."""

    __slots__ = ("counts", "label")

    def __init__(self, label: str) -> None:
        self.label = label
        self.counts: dict[str, int] = {}

    def add(self, value: str | int, count: int = 1) -> None:
        """Count under a label's value."""
        name = str(value)
        if name not in self.counts and len(self.counts) >= _MAX_LABEL_VALUES:
            name = _OTHER
        self.counts[name] = self.counts.get(name, 0) + count


class Histogram:
    """How values spread over fixed buckets."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value; one that equals a bound belongs below it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """Add the counts up, as Prometheus wants them: each bucket holds those below it too."""
        total, found = 0, []
        for bound, count in zip([*map(str, self.bounds), "+Inf"], self.counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


def _help(meaning: str) -> Mapping[str, str]:
    return {_META: meaning}


def _count(meaning: str) -> int:
    return field(default=0, metadata=_help(meaning))


def _codes() -> LabelledCounter:
    return LabelledCounter("code")


def _sources() -> LabelledCounter:
    return LabelledCounter("source")


def _seconds() -> Histogram:
    return Histogram(_SECONDS)


def _entries() -> Histogram:
    return Histogram(_ENTRIES)


@dataclass(slots=True, kw_only=True, eq=False)
class Metrics:
    """The counts of one node.

    `metrics.deliveries += 1`, `metrics.refused.add(code)`, `metrics.flush_seconds.observe(seconds)`. The name
    of an attribute is that of its metric, without `hubbub_` and `_total`.
    """

    broker: str = ""
    # Gauges by the names in GAUGES, and what the broker tells of itself.
    sample: ReadValues = dict
    stats: ReadValues = dict

    connections_opened: int = _count("Connections that were opened.")
    turned_away: int = _count("Connections that were told to come back later, for too many came at once.")
    messages_in: int = _count(
        "Messages that clients sent and the broker took; one that is sent again by its key counts again."
    )
    messages_out: int = _count("Messages that were handed to the fan-out, once for each room and node.")
    deliveries: int = _count("Messages that were written to members.")
    bytes_out: int = _count("Bytes that were written to members.")
    flushes: int = _count("Flushes of rooms.")
    repairs: int = _count(
        "Gaps that this node found in what the broker delivered, and filled from the history."
    )
    resets: int = _count("Gaps that could not be filled: members were told that messages are lost.")
    reading_held: int = _count("Times that a client was not read from, for it had enough under way.")
    plain_dropped: int = _count(
        "Messages of plain clients that were dropped, as they could not be stored in time."
    )
    requests_dropped: int = _count("HTTP requests that were dropped, as they were not complete in time.")
    task_failures: int = _count("Tasks that ended with an error; each is in the log.")
    signals_out: int = _count("Signals of presence that this node sent to the others.")
    listings_incomplete: int = _count(
        "Lists of rooms in which those of a node that didn't answer are missing."
    )
    nodes_gone: int = _count("Other nodes that fell silent, so that their users left.")
    broker_lost: int = _count("Times that the broker went out of reach.")
    catchups: LabelledCounter = field(
        default_factory=_sources,
        metadata=_help("Members that were caught up, from the room's log or from the history."),
    )
    refused: LabelledCounter = field(
        default_factory=_codes, metadata=_help("Commands that were answered with an error, by its code.")
    )
    closed: LabelledCounter = field(
        default_factory=_codes, metadata=_help("Connections that ended, by close code.")
    )
    flush_entries: Histogram = field(
        default_factory=_entries, metadata=_help("Messages that one flush wrote to each member.")
    )
    flush_seconds: Histogram = field(default_factory=_seconds, metadata=_help("How long one flush took."))
    publish_seconds: Histogram = field(
        default_factory=_seconds, metadata=_help("How long the broker took to store a message.")
    )
    loop_lag_seconds: Histogram = field(
        default_factory=_seconds, metadata=_help("How much later than asked for the event loop called back.")
    )

    def exposition(self) -> bytes:
        """Make the text that Prometheus reads."""
        return exposition(self.families())

    def families(self) -> list[Metric]:
        """Read all metrics as they are now."""
        return list(_Export(self).collect())

    def task_failed(self, name: str) -> None:  # noqa: ARG002 - what Tasks calls back; the name is in the log
        """Count a task that ended with an error."""
        self.task_failures += 1


class _Export(Collector):
    """One reading of a node's metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    @override
    def collect(self) -> Iterator[Metric]:
        metrics = self._metrics
        yield _info(metrics.broker)
        for name, value in metrics.sample().items():
            yield GaugeMetricFamily(f"hubbub_{name}", GAUGES[name], value=value)
        for entry in fields(Metrics):
            if _META in entry.metadata:
                yield _family(f"hubbub_{entry.name}", entry.metadata[_META], getattr(metrics, entry.name))
        for name, value in metrics.stats().items():
            yield GaugeMetricFamily(
                f"hubbub_broker_{name}", f"What the broker says of itself: {name}.", value=value
            )


class _Collected(Collector):
    """Metrics that were read already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    @override
    def collect(self) -> Iterable[Metric]:
        return self._families


def exposition(families: Iterable[Metric]) -> bytes:
    """Make the text that Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(families))
    return generate_latest(registry)


def _info(broker: str) -> Metric:
    family = GaugeMetricFamily(
        "hubbub_build_info", "Which hubbub this is; always 1.", labels=["version", "broker"]
    )
    family.add_metric([__version__, broker], 1)
    return family


def _family(name: str, meaning: str, value: int | LabelledCounter | Histogram) -> Metric:
    if isinstance(value, Histogram):
        return HistogramMetricFamily(name, meaning, buckets=value.buckets(), sum_value=value.sum)
    if isinstance(value, LabelledCounter):
        family = CounterMetricFamily(name, meaning, labels=[value.label])
        for label, count in sorted(value.counts.items()):
            family.add_metric([label], count)
        return family
    return CounterMetricFamily(name, meaning, value=value)


def table(*further: Metric) -> str:
    """Make the documentation's table of a node's metrics, and of `further` ones, in Markdown."""
    example = Metrics(sample=lambda: dict.fromkeys(GAUGES, 0.0), stats=lambda: {"<stat>": 0.0})
    lines = ["| metric | kind | |", "| --- | --- | --- |"]
    for family in (*_Export(example).collect(), *further):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        lines.append(f"| `{name}` | {family.type} | {family.documentation} |")
    return "\n".join(lines)
