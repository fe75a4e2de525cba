"""Alerts and the dashboard use metrics that a node exports, with their labels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
from msgspec import Raw
from prometheus_client.parser import text_string_to_metric_families

from service.runtime.gauges import GAUGES
from service.runtime.metrics import Metrics
from service.workers.reports import Reports, join_metrics, write_metrics
from tests.helm.chart import CHART, ROOT, load

# The labels that Prometheus adds to every sample of a pod.
SCRAPED = {"namespace", "job", "pod", "instance", "container", "endpoint", "service"}

RULES = load(CHART / "files" / "alerts.yaml")["groups"][0]["rules"]
DASHBOARD = json.loads((CHART / "files" / "dashboard.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]


def exported() -> dict[str, set[str]]:
    """Collect the samples of a node with all metrics, each with its labels."""
    # The gauges of a broker that rules use. The contract suite tests that brokers have them (P15).
    stats = {"writable": 1.0}
    metrics = Metrics(broker="redis", sample=lambda: dict.fromkeys(GAUGES, 1.0), stats=lambda: stats)
    for counter in (metrics.error_responses, metrics.connections_closed, metrics.catchups):
        counter.add("x")
    text = join_metrics(
        Reports(responses={1: Raw(write_metrics(metrics.families()))}, unanswered=[], restarts={1: 0})
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
def test_a_query_uses_exported_metrics(query: str) -> None:
    known = exported()
    found = list(selectors(parse(query)))
    assert found
    for selector in found:
        assert selector.name in known
        matched = {matcher.name for matcher in selector.matchers.matchers}
        assert matched <= known[selector.name] | SCRAPED


@pytest.mark.parametrize("query", [*(rule["expr"] for rule in RULES), *QUERIES])
def test_a_query_groups_by_existing_labels(query: str) -> None:
    grouped = {label.strip() for by in re.findall(r"by \(([^)]+)\)", query) for label in by.split(",")}
    labels = set().union(*exported().values()) | SCRAPED | {"le"}
    assert grouped <= labels


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_has_a_summary_and_the_page_an_action(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["summary"].endswith(".")
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"`{rule['alert']}`" in page, "docs/operations.md must describe each alert"
    shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    grouped = re.findall(r"by \(([^)]+)\)", rule["expr"])
    assert shown <= {label.strip() for label in grouped[0].split(",")} if shown else True


def test_every_metric_about_user_experience_is_on_the_dashboard() -> None:
    shown = {str(selector.name) for query in QUERIES for selector in selectors(parse(query))}
    for name in (
        "connections",
        "deliveries_total",
        "error_responses_total",
        "broker_up",
        "gaps_unrepaired_total",
    ):
        assert f"hubbub_{name}" in shown


def test_the_dashboard_has_no_fixed_data_source() -> None:
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
