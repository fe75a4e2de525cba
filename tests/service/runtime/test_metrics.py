"""The metrics of a node."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from service import __version__
from service.runtime.exposition import CONTENT_TYPE
from service.runtime.gauges import GAUGES
from service.runtime.metrics import FAMILIES_AT_ONCE, Histogram, LabelledCounter, Metrics, table
from service.runtime.tasks import Tasks

NAMES = [
    "hubbub_connections",
    "hubbub_connections_limit",
    "hubbub_connections_opened_total",
    "hubbub_rooms",
    "hubbub_members",
    "hubbub_moderation_active",
    "hubbub_kept_names",
    "hubbub_slow_consumers",
    "hubbub_sockets_aborted_total",
    "hubbub_accept_failures_total",
    "hubbub_messages_in_total",
    "hubbub_messages_out_total",
    "hubbub_deliveries_total",
    "hubbub_bytes_out_total",
    "hubbub_flushes_total",
    "hubbub_flush_entries",
    "hubbub_flush_seconds",
    "hubbub_publish_seconds",
    "hubbub_connections_rate_limited_total",
    "hubbub_address_limited_total",
    "hubbub_idle_guests_closed_total",
    "hubbub_catchups_total",
    "hubbub_gap_repairs_total",
    "hubbub_gaps_unrepaired_total",
    "hubbub_backpressure_total",
    "hubbub_input_throttled_total",
    "hubbub_plain_messages_dropped_total",
    "hubbub_http_requests_invalid_total",
    "hubbub_http_requests_timed_out_total",
    "hubbub_error_responses_total",
    "hubbub_connections_closed_total",
    "hubbub_log_bytes",
    "hubbub_tasks",
    "hubbub_other_nodes",
    "hubbub_listings_incomplete_total",
    "hubbub_nodes_lost_total",
    "hubbub_signals_out_total",
    "hubbub_task_failures_total",
    "hubbub_broker_up",
    "hubbub_broker_disconnects_total",
    "hubbub_archive_up",
    "hubbub_archive_queue",
    "hubbub_archive_bytes",
    "hubbub_archive_marks_waiting",
    "hubbub_files_bytes",
    "hubbub_files_refused_total",
    "hubbub_files_to_remove",
    "hubbub_files_uploaded_total",
    "hubbub_uploads",
    "hubbub_pushes_total",
    "hubbub_pushes_waiting",
    "hubbub_marks_moved_total",
    "hubbub_mentions_total",
    "hubbub_archive_lag_seconds",
    "hubbub_archive_rooms_pending",
    "hubbub_archive_gaps_total",
    "hubbub_archive_rewinds_total",
    "hubbub_archive_publishes_held_total",
    "hubbub_archive_searches_refused_total",
    "hubbub_archive_search_seconds",
    "hubbub_archive_commits_total",
    "hubbub_archive_failures_total",
    "hubbub_archive_commit_entries",
    "hubbub_archive_commit_seconds",
    "hubbub_loop_lag_seconds",
    "hubbub_log_lines_dropped_total",
    "hubbub_log_lines_suppressed_total",
    "hubbub_build_info",
]

Key = tuple[str, tuple[tuple[str, str], ...]]


def _read(metrics: Metrics) -> dict[Key, float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def _value(metrics: Metrics, name: str, **labels: str) -> float:
    return _read(metrics)[name, tuple(sorted(labels.items()))]


def test_a_counter_is_a_plain_number() -> None:
    metrics = Metrics()
    metrics.deliveries += 900
    metrics.deliveries += 1
    assert _value(metrics, "hubbub_deliveries_total") == 901


def test_an_unknown_counter_is_an_error() -> None:
    with pytest.raises(AttributeError):
        Metrics().deliverys = 1  # type: ignore[attr-defined]


def test_counts_are_kept_by_code() -> None:
    metrics = Metrics()
    metrics.error_responses.add("rate_limited")
    metrics.error_responses.add("rate_limited", 2)
    metrics.connections_closed.add(4000)
    metrics.catchups.add("history")
    assert _value(metrics, "hubbub_error_responses_total", code="rate_limited") == 3
    assert _value(metrics, "hubbub_connections_closed_total", code="4000") == 1
    assert _value(metrics, "hubbub_catchups_total", source="history") == 1


def test_codes_that_clients_choose_make_a_bounded_number_of_series() -> None:
    counter = LabelledCounter("code")
    for code in range(3000, 5000):
        counter.add(code)
    assert len(counter.counts) == 65
    assert counter.counts["other"] == 2000 - 64
    assert sum(counter.counts.values()) == 2000


def test_gauges_are_read_at_each_exposition() -> None:
    here = {"connections": 1.0}
    metrics = Metrics(sample=lambda: here)
    here["connections"] = 2.0
    assert _value(metrics, "hubbub_connections") == 2


def test_a_gauge_without_a_help_text_is_an_error() -> None:
    with pytest.raises(KeyError, match="conections"):
        Metrics(sample=lambda: {"conections": 1.0}).exposition()


def test_the_brokers_own_statistics_are_exposed() -> None:
    assert _value(Metrics(stats=lambda: {"pending_bytes": 7.0}), "hubbub_broker_pending_bytes") == 7


def test_the_build_is_exposed() -> None:
    assert _value(Metrics(broker="redis"), "hubbub_build_info", version=__version__, broker="redis") == 1


def test_values_are_counted_in_cumulative_buckets() -> None:
    histogram = Histogram((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        histogram.observe(value)
    assert histogram.buckets() == [("0.1", 2), ("1.0", 3), ("+Inf", 4)]
    assert histogram.sum == pytest.approx(7.65)


@given(st.lists(st.floats(0, 10)))
def test_each_bucket_counts_the_values_up_to_its_bound(values: list[float]) -> None:
    histogram = Histogram((0.1, 1.0, 5.0))
    for value in values:
        histogram.observe(value)
    expected = [sum(value <= float(bound) for value in values) for bound, _ in histogram.buckets()]
    assert [count for _, count in histogram.buckets()] == expected


def test_a_histogram_is_exposed_with_its_count_and_sum() -> None:
    metrics = Metrics()
    metrics.flush_seconds.observe(0.003)
    metrics.flush_seconds.observe(60)
    assert _value(metrics, "hubbub_flush_seconds_count") == 2
    assert _value(metrics, "hubbub_flush_seconds_sum") == pytest.approx(60.003)
    assert _value(metrics, "hubbub_flush_seconds_bucket", le="0.005") == 1


async def test_failed_tasks_are_counted() -> None:
    async def fail() -> None:
        raise LookupError

    metrics = Metrics()
    tasks = Tasks(metrics.task_failed)
    with pytest.raises(LookupError):
        await tasks.start(fail(), name="fail")
    assert _value(metrics, "hubbub_task_failures_total") == 1


def test_two_nodes_in_one_process_count_separately() -> None:
    one, other = Metrics(), Metrics()
    one.error_responses.add("internal")
    one.flush_seconds.observe(1)
    assert not other.error_responses.counts
    assert not sum(other.flush_seconds.counts)


def test_every_metric_is_in_the_table_with_a_sentence() -> None:
    lines = dict(re.findall(r"^\| `([^`]+)` \| \w+ \| (.+) \|$", table(), re.MULTILINE))
    assert set(lines) == {*NAMES, "hubbub_broker_<stat>"}
    assert all(meaning.endswith(".") for meaning in lines.values())


def test_no_two_metrics_share_a_name_even_without_their_suffix() -> None:
    families = [name.removesuffix("_total") for name in NAMES]
    assert len(set(families)) == len(families)


def test_all_gauges_can_be_sampled() -> None:
    read = _read(Metrics(sample=lambda: dict.fromkeys(GAUGES, 3.0)))
    assert all(read[f"hubbub_{name}", ()] == 3 for name in GAUGES)


def test_the_text_is_the_same_in_parts_of_some_metrics_each() -> None:
    metrics = Metrics(sample=lambda: dict.fromkeys(GAUGES, 3.0))
    parts = list(metrics.exposition_in_parts())
    assert max(part.count(b"# TYPE ") for part in parts) == FAMILIES_AT_ONCE
    assert [line for part in parts for line in part.splitlines() if line.startswith(b"# TYPE ")] == [
        line for line in metrics.exposition().splitlines() if line.startswith(b"# TYPE ")
    ]


def test_the_content_type_is_that_of_prometheus() -> None:
    assert CONTENT_TYPE.startswith("text/plain; version=")
