"""Alerts and the dashboard ask for metrics that a node really exports, with labels that they have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
from msgspec import Raw
from prometheus_client.parser import text_string_to_metric_families

from service.runtime.metrics import GAUGES, Metrics
from service.workers.reports import Reports, join_metrics, write_metrics
from tests.helm.chart import CHART, ROOT, load

# What Prometheus puts on every sample that it scrapes from a pod.
SCRAPED = {"namespace", "job", "pod", "instance", "container", "endpoint", "service"}

RULES = load(CHART / "files" / "alerts.yaml")["groups"][0]["rules"]
DASHBOARD = json.loads((CHART / "files" / "dashboard.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]


def exported() -> dict[str, set[str]]:
    """Collect the samples of a node that counted everything once, each with its labels."""
    # What rules ask for of a broker's own gauges; that brokers have it is for their contract to test (P15).
    stats = {"writable": 1.0}
    metrics = Metrics(broker="redis", sample=lambda: dict.fromkeys(GAUGES, 1.0), stats=lambda: stats)
    for tally in (metrics.refused, metrics.closed, metrics.catchups):
        tally.add("x")
    text = join_metrics(
        Reports(answers={1: Raw(write_metrics(metrics.families()))}, silent=[], restarts={1: 0})
    )
    families = text_string_to_metric_families(text.decode())
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


def selectors(expression: Any) -> Iterator[promql_parser.VectorSelector]:  # noqa: ANN401 - any node of the tree
    """Find the selectors in an expression."""
    found: list[promql_parser.VectorSelector] = []

    def note(node: object) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        elif isinstance(node, promql_parser.MatrixSelector):
            found.append(node.vector_selector)
        return True

    promql_parser.walk(expression, note)
    return iter(found)


def parse(query: str) -> Any:  # noqa: ANN401 - the parser has a class for each kind
    """Parse a query, with Grafana's variables filled in."""
    filled = query.replace("$__rate_interval", "5m").replace("$namespace", ".*").replace("$job", ".*")
    return promql_parser.parse(filled)


@pytest.mark.parametrize("query", [*(rule["expr"] for rule in RULES), *QUERIES])
def test_a_query_asks_for_what_there_is(query: str) -> None:
    known = exported()
    found = list(selectors(parse(query)))
    assert found
    for selector in found:
        assert selector.name in known
        matched = {matcher.name for matcher in selector.matchers.matchers}
        assert matched <= known[selector.name] | SCRAPED


@pytest.mark.parametrize("query", [*(rule["expr"] for rule in RULES), *QUERIES])
def test_a_query_groups_by_labels_that_there_are(query: str) -> None:
    grouped = {label.strip() for by in re.findall(r"by \(([^)]+)\)", query) for label in by.split(",")}
    labels = set().union(*exported().values()) | SCRAPED | {"le"}
    assert grouped <= labels


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_what_is_wrong_and_the_page_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["summary"].endswith(".")
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"`{rule['alert']}`" in page, "docs/operations.md says of each alert what to do"
    shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    grouped = re.findall(r"by \(([^)]+)\)", rule["expr"])
    assert shown <= {label.strip() for label in grouped[0].split(",")} if shown else True


def test_every_metric_that_says_how_people_fare_is_on_the_dashboard() -> None:
    shown = {str(selector.name) for query in QUERIES for selector in selectors(parse(query))}
    for name in ("connections", "deliveries_total", "refused_total", "broker_up", "resets_total"):
        assert f"hubbub_{name}" in shown


def test_the_dashboard_has_no_data_source_of_ours() -> None:
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
