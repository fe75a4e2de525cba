"""The metrics of a node: plain attributes that are incremented, exported in Prometheus' text format."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Final, TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from service import __version__
from service.runtime import logs
from service.runtime.exposition import exposition
from service.runtime.gauges import GAUGES

ReadValues: TypeAlias = Callable[[], Mapping[str, float]]

# Metrics that are rendered in one turn of the loop.
FAMILIES_AT_ONCE: Final = 10
_META: Final = "hubbub"
# Values of one label. Clients choose close codes, so the number of series must be bounded.
_MAX_LABEL_VALUES: Final = 64
_OTHER: Final = "other"

_SECONDS: Final = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
)  # fmt: skip
_ENTRIES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)

# Counted by the process, not by its node.
_PROCESS: Final[Mapping[str, tuple[str, Callable[[], int]]]] = {
    "log_lines_dropped": ("Log lines dropped, because the reader of the log stalls.", logs.lines_dropped),
    "log_lines_suppressed": (
        "Log lines suppressed, because the event repeats too fast; the log has their number.",
        logs.lines_suppressed,
    ),
}


class LabelledCounter:
    """A counter with one label; beyond 64 values all others are counted as `other`."""

    __slots__ = ("counts", "label")

    def __init__(self, label: str) -> None:
        self.label = label
        self.counts: dict[str, int] = {}

    def add(self, value: str | int, count: int = 1) -> None:
        """Add to the count of a label's value."""
        name = str(value)
        if name not in self.counts and len(self.counts) >= _MAX_LABEL_VALUES:
            name = _OTHER
        self.counts[name] = self.counts.get(name, 0) + count


class Histogram:
    """A histogram with fixed buckets."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value; a value equal to a bound is in the bucket below it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """Return the cumulative buckets, as Prometheus expects them."""
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
    """The metrics of one node.

    `metrics.deliveries += 1`, `metrics.error_responses.add(code)`, `metrics.flush_seconds.observe(seconds)`.
    An attribute has the name of its metric, without `hubbub_` and `_total`.
    """

    broker: str = ""
    # Gauges by their names in GAUGES, and the broker's own statistics.
    sample: ReadValues = dict
    stats: ReadValues = dict

    connections_opened: int = _count("Connections opened.")
    connections_rate_limited: int = _count(
        "Connections rejected by the connection rate limit, with the time to reconnect."
    )
    address_limited: LabelledCounter = field(
        default_factory=lambda: LabelledCounter("limit"),
        metadata=_help("What the clients of one address were refused, by limit."),
    )
    idle_guests_closed: int = _count("Guests without a room whose place a full node needed.")
    sockets_aborted: int = _count("Sockets aborted, because the node had reached its limit of sockets.")
    accept_failures: int = _count(
        "Failed attempts to accept a connection, because descriptors or memory ran out."
    )
    messages_in: int = _count(
        "Messages that clients sent and the broker stored; a retry with the same key counts again."
    )
    messages_out: int = _count("Messages passed to the fan-out, once for each room and node.")
    deliveries: int = _count("Messages written to members.")
    bytes_out: int = _count("Bytes written to members.")
    flushes: int = _count("Flushes of rooms.")
    gap_repairs: int = _count(
        "Gap repairs: entries that the broker did not deliver and this node read from the history."
    )
    gaps_unrepaired: int = _count("Gaps that could not be repaired: members received a reset.")
    backpressure: int = _count("Pauses in reading from a client that has too many commands under way.")
    input_throttled: int = _count(
        "Pauses in reading from a client that has sent more frames than its rate allows."
    )
    plain_messages_dropped: int = _count(
        "Messages of plain clients dropped because they could not be stored in time."
    )
    http_requests_timed_out: int = _count("HTTP requests dropped because they were not complete in time.")
    http_requests_invalid: int = _count("HTTP requests rejected because their head is invalid.")
    task_failures: int = _count("Tasks that ended with an error; each is logged.")
    signals_out: int = _count("Signals that this node sent to the other nodes.")
    listings_incomplete: int = _count(
        "Room listings without the rooms of a node that did not answer in time."
    )
    nodes_lost: int = _count("Other nodes that missed their heartbeats, so that their users left.")
    broker_disconnects: int = _count("Times that the broker became unreachable.")
    archive_commits: int = _count("Commits of the archive.")
    archive_failures: LabelledCounter = field(
        default_factory=lambda: LabelledCounter("reason"),
        metadata=_help(
            "Commits that the archive refused, by reason; with BROKER=memory senders received an error."
        ),
    )
    archive_gaps: int = _count(
        "Gaps in the archive: messages that the broker had trimmed before they could be copied."
    )
    archive_rewinds: int = _count(
        "Times that entries left the archive because the broker had lost them after they were copied."
    )
    archive_publishes_held: int = _count(
        "Messages that waited to be stored because their room got messages faster than the archive."
    )
    archive_searches_refused: LabelledCounter = field(
        default_factory=lambda: LabelledCounter("reason"),
        metadata=_help("Searches that failed, by reason."),
    )
    mentions: int = _count("Users whom stored messages and edits mention.")
    files_uploaded: int = _count("Files that users uploaded.")
    files_refused: LabelledCounter = field(
        default_factory=_codes,
        metadata=_help("Uploads, and messages with files, that were refused, by error code."),
    )
    pushes: LabelledCounter = field(
        default_factory=lambda: LabelledCounter("result"), metadata=_help("Pushes to browsers, by result.")
    )
    marks_moved: int = _count("Read marks of users that moved forward.")
    archive_search_seconds: Histogram = field(
        default_factory=_seconds, metadata=_help("Duration of a search, with the time that it waited.")
    )
    archive_commit_entries: Histogram = field(
        default_factory=_entries, metadata=_help("Messages in one commit of the archive.")
    )
    archive_commit_seconds: Histogram = field(
        default_factory=_seconds, metadata=_help("Duration of a commit of the archive.")
    )
    catchups: LabelledCounter = field(
        default_factory=_sources,
        metadata=_help("Members that caught up, by source: the room's log or the history."),
    )
    error_responses: LabelledCounter = field(
        default_factory=_codes,
        metadata=_help("Error responses to commands and HTTP requests, by error code."),
    )
    connections_closed: LabelledCounter = field(
        default_factory=_codes, metadata=_help("Connections closed, by close code.")
    )
    flush_entries: Histogram = field(
        default_factory=_entries, metadata=_help("Messages in one flush of a room.")
    )
    flush_seconds: Histogram = field(default_factory=_seconds, metadata=_help("Duration of a flush."))
    publish_seconds: Histogram = field(
        default_factory=_seconds, metadata=_help("Time that the broker took to store a message.")
    )
    loop_lag_seconds: Histogram = field(
        default_factory=_seconds, metadata=_help("Delay of the event loop: how much later it called back.")
    )

    def exposition(self) -> bytes:
        """Return the text that Prometheus scrapes."""
        return b"".join(self.exposition_in_parts())

    def exposition_in_parts(self) -> Iterator[bytes]:
        """Yield that text in parts, as all of it takes milliseconds; each is read when it is yielded."""
        families = iter(_Export(self).collect())
        while some := list(islice(families, FAMILIES_AT_ONCE)):
            yield exposition(some)

    def families(self) -> list[Metric]:
        """Return the current values of all metrics."""
        return list(_Export(self).collect())

    def task_failed(self, name: str) -> None:  # noqa: ARG002 - what Tasks calls back; the name is in the log
        """Count a task that ended with an error."""
        self.task_failures += 1


class _Export(Collector):
    """Exports a node's metrics."""

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
        for name, (meaning, read) in _PROCESS.items():
            yield CounterMetricFamily(f"hubbub_{name}", meaning, value=read())
        for name, value in metrics.stats().items():
            yield GaugeMetricFamily(
                f"hubbub_broker_{name}", f"The broker's own statistic: {name}.", value=value
            )


def _info(broker: str) -> Metric:
    family = GaugeMetricFamily(
        "hubbub_build_info", "The version and the broker; always 1.", labels=["version", "broker"]
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
    """Return the documentation's table of a node's metrics, and of `further` ones, in Markdown."""
    example = Metrics(sample=lambda: dict.fromkeys(GAUGES, 0.0), stats=lambda: {"<stat>": 0.0})
    lines = ["| metric | kind | |", "| --- | --- | --- |"]
    for family in (*_Export(example).collect(), *further):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        lines.append(f"| `{name}` | {family.type} | {family.documentation} |")
    return "\n".join(lines)
