"""What workers tell of themselves, and how it becomes one answer: whoever asks the port is told of all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from service.runtime.metrics import exposition

# What is said over the line.
SERVING: Final = "serving"
PULSE: Final = "pulse"
METRICS: Final = "metrics"
READINESS: Final = "readiness"

_WORKER: Final = "worker"


class Reports(msgspec.Struct, frozen=True, kw_only=True):
    """What all workers that serve told, by their numbers.

    Attributes:
        answers: what each of them answered.
        silent: those that didn't in time.
        restarts: how often each was started again, of those too that don't serve just now.
    """

    answers: dict[int, msgspec.Raw]
    silent: list[int]
    restarts: dict[int, int]


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One line of an exposition."""

    name: str
    labels: dict[str, str]
    value: float


class Family(msgspec.Struct, frozen=True, array_like=True):
    """One metric of one worker."""

    name: str
    kind: str
    meaning: str
    samples: list[Sample]


encode: Final = msgspec.json.Encoder().encode
read_reports: Final = msgspec.json.Decoder(Reports).decode
read_text: Final = msgspec.json.Decoder(str).decode
_read_families: Final = msgspec.json.Decoder(list[Family]).decode


def write_metrics(families: Iterable[Metric]) -> bytes:
    """Write a worker's metrics for its parent."""
    return encode(
        [
            Family(
                family.name,
                family.type,
                family.documentation,
                [Sample(sample.name, dict(sample.labels), float(sample.value)) for sample in family.samples],
            )
            for family in families
        ]
    )


def join_metrics(reports: Reports) -> bytes:
    """Make one exposition of all workers' metrics: the same ones, each with the number of its worker."""
    joined: dict[str, Metric] = {}
    for number, answer in sorted(reports.answers.items()):
        for family in _read_families(answer):
            known = joined.setdefault(family.name, Metric(family.name, family.meaning, family.kind))
            for sample in family.samples:
                known.add_sample(sample.name, {**sample.labels, _WORKER: str(number)}, sample.value)
    return exposition([*about_workers(reports), *joined.values()])


def about_workers(reports: Reports) -> Iterator[Metric]:
    """Tell of each worker whether it serves, and how often it was started again."""
    up = GaugeMetricFamily(
        "hubbub_worker_up", "1 if the worker serves and answers, 0 if not.", labels=[_WORKER]
    )
    restarts = CounterMetricFamily(
        "hubbub_worker_restarts", "Times that a worker was started again.", labels=[_WORKER]
    )
    for number, count in sorted(reports.restarts.items()):
        up.add_metric([str(number)], number in reports.answers)
        restarts.add_metric([str(number)], count)
    yield up
    yield restarts
