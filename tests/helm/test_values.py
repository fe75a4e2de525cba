"""Each value is described, and invalid values are rejected with a remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from service.settings.table import rows
from tests.helm.chart import CHART, Object, load, rejection, render

REDIS: Object = {"broker": "redis", "redis": {"url": "redis://redis:6379/0"}}


def schema() -> Object:
    text = (CHART / "values.schema.json").read_text(encoding="utf-8")
    found: Object = json.loads(text)
    return found


def leaves(value: Any, described: Object, path: str = "") -> Iterator[tuple[str, Object]]:  # noqa: ANN401
    """Walk the values as deep as the schema describes them."""
    yield path, described
    if isinstance(value, dict) and "properties" in described:
        for name, inner in value.items():
            assert name in described["properties"], f"{path}.{name} is not in the schema"
            yield from leaves(inner, described["properties"][name], f"{path}.{name}")


def closed(described: Object, path: str = "") -> Iterator[str]:
    """Find objects of the chart that accept any key."""
    if "properties" in described and described.get("additionalProperties") is not False:
        yield path
    for name, inner in described.get("properties", {}).items():
        yield from closed(inner, f"{path}.{name}")


def test_the_schema_is_valid() -> None:
    Draft7Validator.check_schema(schema())
    assert schema()["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_every_value_is_described_and_every_description_has_a_value() -> None:
    values = load(CHART / "values.yaml")
    for path, described in leaves(values, schema()):
        if path:
            assert described.get("description", "").endswith("."), path

    def missing(value: Object, described: Object, path: str = "") -> Iterator[str]:
        for name, inner in described.get("properties", {}).items():
            if name not in value:
                yield f"{path}.{name}"
            elif isinstance(value[name], dict):
                yield from missing(value[name], inner, f"{path}.{name}")

    optional = {
        f".probes.{probe}.{key}"
        for probe in ("startup", "liveness", "readiness")
        for key in ("initialDelaySeconds", "successThreshold")
    }
    assert set(missing(values, schema())) == optional


def test_the_schema_is_closed() -> None:
    assert list(closed(schema())) == [".global"], "only the values of parent charts are open"


def test_only_existing_settings_may_be_set() -> None:
    named = schema()["properties"]["config"]["propertyNames"]["enum"]
    assert named == [row.variable for row in rows() if row.variable.startswith("HUBBUB_")]


def test_the_default_values_are_allowed() -> None:
    render(load(CHART / "values.yaml"))


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"brokr": "redis"}, "'brokr' not allowed"),
        ({"broker": "kafka"}, "value must be one of 'memory', 'redis', 'nats'"),
        ({"replicaCount": 2}, "at '/replicaCount': maximum: got 2, want 1"),
        ({"replicaCount": "two"}, "at '/replicaCount': got string, want integer"),
        ({"autoscaling": {"enabled": True, "cpuPercent": 70}}, "at '/autoscaling/enabled'"),
        ({"broker": "redis"}, "at '/redis'"),
        ({"broker": "nats"}, "at '/nats'"),
        ({"broker": "redis", "redis": {"url": "nats://n"}}, "at '/redis/url'"),
        ({"image": {"digest": "latest"}}, "at '/image/digest'"),
        ({"config": {"connections": 5}}, "invalid propertyName 'connections'"),
        ({"config": {"HUBBUB_CONNECTION": 5}}, "'HUBBUB_CONNECTIONS'"),
        ({"image": {"registry": "https://registry.example.org"}}, "at '/image/registry'"),
        ({"probes": {"liveness": {"successThreshold": 2}}}, "at '/probes/liveness/successThreshold'"),
        ({"redis": {"passwordKey": ""}}, "at '/redis/passwordKey'"),
        ({"service": {"port": 0}}, "at '/service/port': minimum"),
        ({"podLabels": {"app.kubernetes.io/name": "other"}}, "app.kubernetes.io/name"),
        ({"httpRoute": {"enabled": True}}, "at '/httpRoute/parentRefs'"),
        ({"ingress": {"preset": "caddy"}}, "value must be one of 'none', 'nginx', 'haproxy'"),
        ({"ingress": {"paths": [{"path": "ws", "pathType": "Exact"}]}}, "at '/ingress/paths/0/path'"),
    ],
)
def test_the_schema_rejects(values: Object, error: str) -> None:
    assert error in rejection(values)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (
            {"broker": "redis", "redis": {"url": "redis://me:secret@r"}},
            "contains a user or a password, which would be readable",
        ),
        (
            {"broker": "redis", "redis": {"url": "redis://r", "bundled": True}},
            "redis.bundled installs its own",
        ),
        ({"nats": {"bundled": True}}, "has no effect with broker=memory: set broker=nats"),
        ({"broker": "nats", "nats": {"existingSecret": "s", "credsKey": "c"}}, "set all three"),
        (
            {
                "broker": "nats",
                "nats": {"url": "nats://n", "existingSecret": "s", "credsKey": "c", "nkeyKey": "n"},
            },
            "leave out one",
        ),
        ({"broker": "nats", "nats": {"existingSecret": "s", "streamReplicas": 3}}, "add ?replicas= there"),
        ({"broker": "redis", "redis": {"url": "redis://r", "tls": {"certKey": "c"}}}, "client certificate"),
        (
            {"broker": "redis", "redis": {"existingSecret": "s", "waitReplicas": 1}},
            "With the URL in a Secret, add ?replicas= there",
        ),
        (
            {"broker": "redis", "redis": {"url": "redis+sentinel://s/chat?sentinel_password=p"}},
            "contains a password after its ?",
        ),
        ({"broker": "redis", "redis": {"url": "redis://r", "username": "u"}}, "set all three"),
        ({"config": {"HUBBUB_PORT": 80}}, "use service.port instead"),
        ({"extraEnv": [{"name": "HUBBUB_WORKERS", "value": "2"}]}, "use config.HUBBUB_WORKERS"),
        ({"service": {"nodePort": 30080}}, "needs service.type NodePort"),
        (
            {
                "auth": {
                    "tokenKey": {"value": "k", "key": "k"},
                    "apiKey": {"value": "a", "key": "k"},
                }
            },
            "would collide",
        ),
        ({"config": {"HUBBUB_FILES_SECRET": "s"}}, "use auth.filesSecret"),
        ({"config": {"HUBBUB_PUSH_PRIVATE_KEY": "s"}}, "use auth.pushKey"),
        (
            {**REDIS, "autoscaling": {"enabled": True, "connectionsPerPod": 10000}},
            "a pod rejects connections above 10000",
        ),
        ({"extraEnv": [{"name": "BROKER", "value": "redis"}]}, "extraEnv has BROKER"),
        ({"config": {"HUBBUB_DRAIN_SECONDS": 5}}, "use stop.drainSeconds instead"),
        ({"config": {"HUBBUB_DATA": "/data"}}, "use archive instead"),
        ({**REDIS, "archive": {"sqlite": {"enabled": True}}}, "several pods would write to it"),
        ({"archive": {"postgres": {"bundled": True}}}, "set broker=redis or broker=nats"),
        (
            {**REDIS, "archive": {"postgres": {"url": "postgresql://me:secret@db/chat"}}},
            "archive.postgres.url contains a user or a password",
        ),
        (
            {**REDIS, "archive": {"postgres": {"url": "postgresql://db/chat?password=p"}}},
            "archive.postgres.url contains a user or a password",
        ),
        (
            {**REDIS, "archive": {"postgres": {"url": "postgresql://db/chat", "bundled": True}}},
            "installs its own PostgreSQL",
        ),
        (
            {**REDIS, "archive": {"postgres": {"url": "postgresql://db/chat", "username": "u"}}},
            "archive.postgres.username needs",
        ),
        (
            {**REDIS, "archive": {"postgres": {"existingSecret": "s", "tls": {"existingSecret": "t"}}}},
            "add sslmode and sslrootcert there",
        ),
        ({"config": {"HUBBUB_API_KEY": "0123456789abcdef"}}, "would be readable in a ConfigMap"),
        ({"config": {"HUBBUB_WORKERS": 2}}, "each process would be a separate chat"),
        ({"config": {"HUBBUB_AUTH": "tokens"}}, "needs auth.tokenKey"),
        ({"auth": {"tokenKey": {"value": "k"}}}, "tokens are not accepted"),
        ({"auth": {"apiKey": {"value": "k", "existingSecret": "s"}}}, "leave out one"),
        ({"terminationGracePeriodSeconds": 30}, "preStop, drain and close take up to 70"),
        ({**REDIS, "autoscaling": {"enabled": True}}, "autoscaling needs a metric"),
        (
            {**REDIS, "autoscaling": {"enabled": True, "cpuPercent": 1, "minReplicas": 5, "maxReplicas": 4}},
            "less than",
        ),
        (
            {"metrics": {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}},
            "would count every pod twice",
        ),
    ],
)
def test_the_chart_rejects_values_with_a_remedy(values: Object, error: str) -> None:
    assert error in rejection(values)


def test_all_faults_are_reported_at_once() -> None:
    error = rejection({"config": {"HUBBUB_PORT": 80, "HUBBUB_AUTH": "tokens"}})
    assert error.count("\n  - ") == 2
