"""The reports of workers, merged into one answer: a request to the shared port reports on all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from service.runtime.exposition import exposition

# The requests on the control channel.
SERVING: Final = "serving"
STARTED: Final = "started"
HEARTBEAT: Final = "heartbeat"
METRICS: Final = "metrics"
READINESS: Final = "readiness"

_WORKER: Final = "worker"


class Reports(msgspec.Struct, frozen=True, kw_only=True):
    """The reports of all serving workers, by their numbers.

    Attributes:
        responses: the answer of each worker.
        unanswered: the workers that did not answer in time.
        restarts: how often each worker was restarted, including workers that don't serve now.
    """

    responses: dict[int, msgspec.Raw]
    unanswered: list[int]
    restarts: dict[int, int]


class SampleReport(msgspec.Struct, frozen=True, array_like=True):
    """One sample of a metric."""

    name: str
    labels: dict[str, str]
    value: float


class MetricReport(msgspec.Struct, frozen=True, array_like=True):
    """One metric of one worker."""

    name: str
    kind: str
    meaning: str
    samples: list[SampleReport]


encode: Final = msgspec.json.Encoder().encode
read_reports: Final = msgspec.json.Decoder(Reports).decode
read_text: Final = msgspec.json.Decoder(str).decode
_read_families: Final = msgspec.json.Decoder(list[MetricReport]).decode


def write_metrics(families: Iterable[Metric]) -> bytes:
    """Encode a worker's metrics for its parent."""
    return encode(
        [
            MetricReport(
                family.name,
                family.type,
                family.documentation,
                [
                    SampleReport(sample.name, dict(sample.labels), float(sample.value))
                    for sample in family.samples
                ],
            )
            for family in families
        ]
    )


def join_metrics(reports: Reports) -> bytes:
    """Merge the metrics of all workers into one exposition, labelled with the worker's number."""
    joined: dict[str, Metric] = {}
    for number, answer in sorted(reports.responses.items()):
        for family in _read_families(answer):
            known = joined.setdefault(family.name, Metric(family.name, family.meaning, family.kind))
            for sample in family.samples:
                known.add_sample(sample.name, {**sample.labels, _WORKER: str(number)}, sample.value)
    return exposition([*about_workers(reports), *joined.values()])


def about_workers(reports: Reports) -> Iterator[Metric]:
    """Yield the metrics about workers: whether each serves, and how often it was restarted."""
    up = GaugeMetricFamily(
        "hubbub_worker_up", "1 if the worker serves and answers, 0 if not.", labels=[_WORKER]
    )
    restarts = CounterMetricFamily("hubbub_worker_restarts", "Restarts of a worker.", labels=[_WORKER])
    for number, count in sorted(reports.restarts.items()):
        up.add_metric([str(number)], number in reports.responses)
        restarts.add_metric([str(number)], count)
    yield up
    yield restarts
