"""The chart's objects besides pods, and when they are rendered."""

from __future__ import annotations

from base64 import b64decode

import pytest

from tests.helm.chart import Object, environment, find, kinds, notes, render

REDIS: Object = {"broker": "redis", "redis": {"url": "redis://redis.db:6380/0"}}
USUAL = {"NetworkPolicy", "ConfigMap", "Deployment", "Pod", "Service", "ServiceAccount"}


def test_the_default_values_give_one_pod_without_optional_objects() -> None:
    assert kinds(render()) == USUAL


def test_a_disruption_budget_is_rendered_with_the_second_pod() -> None:
    assert "PodDisruptionBudget" not in kinds(render(REDIS))
    budget = find(render({**REDIS, "replicaCount": 2}), "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    least = {**REDIS, "replicaCount": 2, "podDisruptionBudget": {"minAvailable": "50%"}}
    assert find(render(least), "PodDisruptionBudget")["spec"]["minAvailable"] == "50%"


def test_a_disruption_budget_is_rendered_for_pods_that_an_autoscaler_may_add() -> None:
    scaled: Object = {**REDIS, "autoscaling": {"enabled": True, "cpuPercent": 70, "minReplicas": 1}}
    objects = render(scaled)
    assert "PodDisruptionBudget" in kinds(objects)
    expected = find(objects, "Pod", "chat-hubbub-test")["spec"]["containers"][0]["args"]
    assert "--expected=1" in expected, "there may be only one"


def test_the_autoscaler_scales_down_slowly_and_by_connections() -> None:
    values = {**REDIS, "autoscaling": {"enabled": True, "connectionsPerPod": 5000, "cpuPercent": 70}}
    objects = render(values)
    scaler = find(objects, "HorizontalPodAutoscaler")["spec"]
    cpu, connections = scaler["metrics"]
    assert cpu["resource"]["target"]["averageUtilization"] == 70
    assert connections["pods"]["metric"]["name"] == "hubbub_connections"
    assert connections["pods"]["target"]["averageValue"] == "5000"
    assert scaler["behavior"]["scaleDown"] == {
        "stabilizationWindowSeconds": 600,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 120}],
    }
    assert "replicas" not in find(objects, "Deployment")["spec"], (
        "the Deployment and the autoscaler would both set the number"
    )
    assert "PodDisruptionBudget" in kinds(objects)


@pytest.mark.parametrize(
    ("values", "ports"),
    [
        (REDIS, {6380}),
        ({"broker": "redis", "redis": {"existingSecret": "url"}}, {6379}),
        (
            {"broker": "redis", "redis": {"url": "redis+sentinel://a:26379,b:26380/chat"}},
            {26379, 26380, 6379},
        ),
        ({"broker": "nats", "nats": {"url": "nats://a:4333,nats://b:4334"}}, {4333, 4334}),
        ({"broker": "redis", "redis": {"url": "redis+sentinel://a,b/chat"}}, {26379, 6379}),
        ({"broker": "redis", "redis": {"url": "redis+cluster://[fd00::1],[fd00::2]:7/0"}}, {6379, 7}),
        ({"broker": "nats", "nats": {"url": "nats://a,nats://b:4334?replicas=3"}}, {4222, 4334}),
        ({"broker": "nats", "nats": {"url": "nats://a"}}, {4222}),
        ({"broker": "nats", "nats": {"bundled": True}}, {4222}),
        ({**REDIS, "archive": {"postgres": {"url": "postgresql://a:5433,b/chat"}}}, {6380, 5432, 5433}),
        ({**REDIS, "archive": {"postgres": {"existingSecret": "url"}}}, {6380, 5432}),
        ({**REDIS, "archive": {"postgres": {"bundled": True}}}, {6380, 5432}),
        ({"config": {"HUBBUB_FILES_URL": "s3://host/bucket"}}, {443}),
        ({"config": {"HUBBUB_FILES_URL": "s3+http://minio:9000/bucket?region=a"}}, {9000}),
        ({"config": {"HUBBUB_FILES_URL": "file:///files"}}, set()),
        ({}, set()),
    ],
)
def test_pods_reach_only_dns_and_their_broker(values: Object, ports: set[int]) -> None:
    policy = find(render({**values, "networkPolicy": {"egress": True}}), "NetworkPolicy")["spec"]
    dns, *broker = policy["egress"]
    assert dns["ports"] == [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    assert {port["port"] for rule in broker for port in rule["ports"]} == ports
    assert policy["policyTypes"] == ["Ingress", "Egress"]


@pytest.mark.parametrize("values", [{}, REDIS, {"broker": "redis", "redis": {"existingSecret": "url"}}])
def test_a_first_install_limits_who_connects_to_pods_and_not_where_they_connect(values: Object) -> None:
    for policy in (each["spec"] for each in render(values) if each["kind"] == "NetworkPolicy"):
        assert policy["policyTypes"] == ["Ingress"]
        assert "egress" not in policy
    http, operators = find(render(values), "NetworkPolicy")["spec"]["ingress"]
    assert http == {"ports": [{"port": "http", "protocol": "TCP"}]}
    assert operators["from"] == [{"namespaceSelector": {}}]
    assert not [
        each for each in render({"networkPolicy": {"enabled": False}}) if each["kind"] == "NetworkPolicy"
    ]


def test_only_the_nodes_reach_a_bundled_broker() -> None:
    objects = render({"broker": "redis", "redis": {"bundled": True}})
    policy = find(objects, "NetworkPolicy", "chat-hubbub-redis")["spec"]
    assert policy["egress"] == []
    (rule,) = policy["ingress"]
    labels = find(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert rule["from"][0]["podSelector"]["matchLabels"].items() <= labels.items()


def test_only_the_nodes_reach_a_bundled_archive() -> None:
    archive = {"postgres": {"bundled": True}}
    objects = render({**REDIS, "archive": archive, "networkPolicy": {"enabled": True}})
    policy = find(objects, "NetworkPolicy", "chat-hubbub-postgres")["spec"]
    assert policy["egress"] == []
    (rule,) = policy["ingress"]
    labels = find(objects, "Deployment", "chat-hubbub")["spec"]["template"]["metadata"]["labels"]
    assert rule["from"][0]["podSelector"]["matchLabels"].items() <= labels.items()
    assert "For development only" in notes({**REDIS, "archive": archive})


def test_named_peers_may_connect_and_so_may_the_test() -> None:
    peers: list[Object] = [{"namespaceSelector": {}}]
    policy = find(render({"networkPolicy": {"ingressFrom": peers}}), "NetworkPolicy")
    rule, operators = policy["spec"]["ingress"]
    assert (operators["ports"], operators["from"]) == ([{"port": "operator", "protocol": "TCP"}], peers)
    assert rule["from"][0] == peers[0]
    labels = find(render(), "Pod", "chat-hubbub-test")["metadata"]["labels"]
    assert rule["from"][1]["podSelector"]["matchLabels"].items() <= labels.items()


def test_the_ingress_keeps_websockets_open_and_metrics_internal() -> None:
    values = {"ingress": {"enabled": True, "preset": "nginx", "hosts": ["chat.example.org"]}}
    ingress = find(render(values), "Ingress")
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-read-timeout"] == "3600"
    (rule,) = ingress["spec"]["rules"]
    assert rule["host"] == "chat.example.org"
    assert {path["path"] for path in rule["http"]["paths"]} == {"/", "/ws", "/api"}


def test_own_annotations_take_precedence_over_a_preset() -> None:
    name = "alb.ingress.kubernetes.io/load-balancer-attributes"
    given = {"enabled": True, "preset": "alb", "annotations": {name: "idle_timeout.timeout_seconds=60"}}
    written = find(render({"ingress": given}), "Ingress")["metadata"]["annotations"]
    assert written[name] == "idle_timeout.timeout_seconds=60"
    assert written["alb.ingress.kubernetes.io/target-group-attributes"].endswith("=70")


def test_a_route_has_a_timeout_only_if_it_is_set() -> None:
    values = {"httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}]}}
    (rule,) = find(render(values), "HTTPRoute")["spec"]["rules"]
    assert "timeouts" not in rule
    assert rule["backendRefs"] == [{"name": "chat-hubbub", "port": 80}]
    assert {"type": "PathPrefix", "value": "/api"} in [match["path"] for match in rule["matches"]]


def test_each_pod_is_scraped_once() -> None:
    objects = render({"metrics": {"serviceMonitor": {"enabled": True}}})
    wanted = find(objects, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    services = [each for each in objects if each["kind"] == "Service"]
    matching = [each for each in services if wanted.items() <= each["metadata"]["labels"].items()]
    assert [each["metadata"]["name"] for each in matching] == ["chat-hubbub"]


def test_disabled_alerts_are_left_out() -> None:
    rule = {
        "enabled": True,
        "disabled": ["HubbubFlood"],
        "extraRules": [{"alert": "Mine", "expr": "vector(1)"}],
    }
    made = find(render({"metrics": {"prometheusRule": rule}}), "PrometheusRule")["spec"]["groups"][0]["rules"]
    names = [each["alert"] for each in made]
    assert "HubbubFlood" not in names
    assert names[0] == "HubbubAbsent"
    assert names[-1] == "Mine"


def test_images_come_from_where_the_values_say() -> None:
    digest = "sha256:" + "0" * 64
    values = {
        "global": {"imageRegistry": "mirror.example.org"},
        "image": {"registry": "other", "digest": digest},
        "broker": "redis",
        "redis": {"bundled": True},
    }
    text = str(render(values))
    assert f"mirror.example.org/hubbub@{digest}" in text
    assert "mirror.example.org/redis:7-alpine" in text


def test_the_notes_name_the_next_step_and_the_dangers() -> None:
    assert "helm test chat --namespace rooms" in notes()
    assert "history lives in one pod" in notes()
    assert "For development only" in notes({"broker": "nats", "nats": {"bundled": True}})
    assert "is not encrypted" in notes(REDIS)
    assert "no memory limit" in notes({"resources": None})
    assert "no TLS" in notes({"ingress": {"enabled": True}})
    scraped: Object = {"serviceMonitor": {"enabled": True}}
    only: Object = {"enabled": True, "ingressFrom": [{"podSelector": {}}]}
    assert "Prometheus must be among them" in notes({"metrics": scraped, "networkPolicy": only})
    safe = notes(
        {
            "broker": "redis",
            "redis": {"url": "rediss://r"},
            "config": {"HUBBUB_AUTH": "tokens"},
            "auth": {"tokenKey": {"existingSecret": "key"}},
        }
    )
    assert "Warnings:" not in safe


@pytest.mark.parametrize(
    ("config", "limit", "fits"),
    [
        ({}, "512Mi", True),
        ({"HUBBUB_CONNECTIONS": 100000}, "512Mi", False),
        ({"HUBBUB_CONNECTIONS": 100000}, "1Gi", True),
        ({"HUBBUB_WORKERS": 8}, "512Mi", False),
        ({"HUBBUB_WORKERS": 4}, "0.5G", False),
        ({"HUBBUB_WORKERS": 4}, 536870912, True),
    ],
)
def test_the_notes_estimate_whether_a_full_pod_has_the_memory(
    config: Object,
    limit: object,
    fits: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    values = {**REDIS, "config": config, "resources": {"limits": {"memory": limit}}}
    assert ("a full pod is killed" not in notes(values)) is fits


def test_a_key_for_pushes_is_a_secret_and_opens_the_port_of_push_services() -> None:
    objects = render({"auth": {"pushKey": {"value": "s"}}, "networkPolicy": {"egress": True}})
    assert b64decode(find(objects, "Secret", "chat-hubbub-auth")["data"]["push-key"]) == b"s"
    reference = {"name": "chat-hubbub-auth", "key": "push-key"}
    assert environment(objects)["HUBBUB_PUSH_PRIVATE_KEY"] == {"secretKeyRef": reference}
    egress = find(objects, "NetworkPolicy", "chat-hubbub")["spec"]["egress"]
    assert {"ports": [{"port": 443, "protocol": "TCP"}]} in egress
