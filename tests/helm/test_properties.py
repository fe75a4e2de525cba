"""For any values: they are rejected, or the rendered objects are consistent."""

from __future__ import annotations

import re

import helm_python as helm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from service.settings import Settings
from tests.helm.chart import Object, find, pod, render

names = st.from_regex(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
urls = st.sampled_from(
    [
        "",
        "redis://r:1/0",
        "rediss://r",
        "redis+sentinel://a:1,b/s",
        "redis+cluster://a:7,b:8",
        "nats://n",
        "tls://a,tls://b",
    ]
)
maybe = st.booleans()


def some(**fields: SearchStrategy[object]) -> SearchStrategy[Object]:
    """Draw some of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


values = some(
    broker=st.sampled_from(["memory", "redis", "nats"]),
    redis=some(bundled=maybe, url=urls, existingSecret=st.sampled_from(["", "s"])),
    nats=some(bundled=maybe, url=urls, existingSecret=st.sampled_from(["", "s"])),
    replicaCount=st.integers(0, 5),
    autoscaling=some(enabled=maybe, cpuPercent=st.integers(1, 99), minReplicas=st.integers(1, 5)),
    stop=some(preStopSeconds=st.integers(0, 60), drainSeconds=st.floats(0, 600)),
    terminationGracePeriodSeconds=st.one_of(st.none(), st.integers(0, 1000)),
    config=some(HUBBUB_CLOSE_SECONDS=st.floats(1, 60), HUBBUB_CONNECTIONS=st.integers(1, 10_000_000)),
    service=some(port=st.integers(1, 65535), type=st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"])),
    networkPolicy=some(enabled=maybe),
    ingress=some(enabled=maybe, preset=st.sampled_from(["nginx", "haproxy", "alb", "traefik", "none"])),
    metrics=some(
        serviceMonitor=some(enabled=maybe), podMonitor=some(enabled=maybe), dashboard=some(enabled=maybe)
    ),
    kubeVersionOverride=st.sampled_from(["", "1.25.0", "1.29.0", "1.36.1"]),
    fullnameOverride=st.one_of(st.just(""), names),
    nameOverride=st.one_of(st.just(""), names),
)


@pytest.mark.timeout(180)
@settings(max_examples=150)
@given(values, st.from_regex(r"[a-z]([-a-z0-9]{0,51}[a-z0-9])?", fullmatch=True))
def test_values_are_rejected_or_consistent(given: Object, release: str) -> None:
    objects = render_or_reject(given, release)
    if objects is None:
        return
    templates = [each for each in objects if each["kind"] == "Deployment"]
    labels = {each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"] for each in templates}
    names_are_allowed_and_unique(objects)
    selectors_find_their_pods(objects, labels)
    ports_exist(objects, labels)
    (node,) = (name for name, found in labels.items() if found["app.kubernetes.io/component"] == "node")
    grace_is_long_enough(objects, node)
    memory_stays_alone(given, objects, node)


def render_or_reject(given: Object, release: str) -> list[Object] | None:
    """Render, or check that the error is the chart's own and not a failure of its templates."""
    try:
        return render(given, name=release)
    except (helm.HelmValuesError, helm.HelmRenderError) as error:
        message = str(error)
    assert not re.search("nil pointer|wrong type|YAML|can't evaluate", message), message
    return None


def names_are_allowed_and_unique(objects: list[Object]) -> None:
    named = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(set(named)) == len(named)
    for each in objects:
        metadata = each["metadata"]
        assert 0 < len(metadata["name"]) <= 63
        assert not metadata["name"].endswith("-")
        assert all(len(str(value)) <= 63 for value in metadata["labels"].values())


def selectors_find_their_pods(objects: list[Object], labels: dict[str, Object]) -> None:
    for each in objects:
        spec, name = each.get("spec", {}), each["metadata"]["name"]
        if each["kind"] == "Deployment":
            assert spec["selector"]["matchLabels"].items() <= labels[name].items()
        if each["kind"] in {"Service", "PodDisruptionBudget"}:
            wanted = spec["selector"].get("matchLabels", spec["selector"])
            found = [pods for pods in labels.values() if wanted.items() <= pods.items()]
            assert len(found) == 1, "a selector must match exactly one pod template"


def ports_exist(objects: list[Object], labels: dict[str, Object]) -> None:
    for service in (each for each in objects if each["kind"] == "Service"):
        (name,) = (n for n, pods in labels.items() if service["spec"]["selector"].items() <= pods.items())
        ports = {port["name"] for port in pod(objects, name)["spec"]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
        assert all(port["protocol"] == "TCP" for port in service["spec"]["ports"])


def grace_is_long_enough(objects: list[Object], node: str) -> None:
    spec = pod(objects, node)["spec"]
    stops = spec["containers"][0].get("lifecycle", {}).get("preStop", {})
    sleeps = stops.get("sleep", {}).get("seconds", 0)
    env = {entry["name"]: entry.get("value") for entry in spec["containers"][0]["env"]}
    (config,) = (each["data"] for each in objects if each["metadata"]["name"] == node and "data" in each)
    timed = Settings(
        drain_seconds=float(env["HUBBUB_DRAIN_SECONDS"]),
        close_seconds=float(config.get("HUBBUB_CLOSE_SECONDS", 5)),
    )
    assert spec["terminationGracePeriodSeconds"] > sleeps + timed.stop_seconds


def memory_stays_alone(given: Object, objects: list[Object], node: str) -> None:
    if given.get("broker", "memory") != "memory":
        return
    (deployment,) = (e for e in objects if e["kind"] == "Deployment" and e["metadata"]["name"] == node)
    assert deployment["spec"]["replicas"] <= 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert "HorizontalPodAutoscaler" not in {each["kind"] for each in objects}


def test_the_longest_names_stay_distinct() -> None:
    values = {"broker": "redis", "redis": {"bundled": True}, "metrics": {"dashboard": {"enabled": True}}}
    objects = render({**values, "fullnameOverride": "a" * 63})
    names_are_allowed_and_unique(objects)


def test_a_release_that_is_named_like_the_chart_is_not_named_twice() -> None:
    assert find(render(name="hubbub"), "Deployment", "hubbub")
