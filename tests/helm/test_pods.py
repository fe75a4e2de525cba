"""A pod's settings, and how it starts, stops and is confined."""

from __future__ import annotations

from base64 import b64decode
from itertools import chain

import pytest

from brokers.nats.connection.url import parse_url as parse_nats_url
from brokers.redis.connection.url import parse_url as parse_redis_url
from service.settings import load as load_settings
from service.settings.reading import unknown_names
from service.settings.table import rows
from tests.helm.chart import CI, Object, container, environment, find, kinds, load, pod, render

PRINTABLE = {"REDIS_PASSWORD": "s3cret"}
MANY: Object = {"broker": "redis", "redis": {"url": "redis://redis:6379/0"}, "replicaCount": 3}


def test_what_the_chart_sets_are_settings() -> None:
    known = {row.variable for row in rows()}
    for file in CI:
        names = environment(render(load(file))) if "fullnameOverride" not in load(file) else {}
        ours = {name for name in names if name.startswith("HUBBUB_") or name in {"BROKER", "REDIS_URL"}}
        assert ours <= known
        assert not list(unknown_names(names))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"broker": "memory", "host": "0.0.0.0", "port": 8000, "drain_seconds": 30}),  # noqa: S104 - compared, not bound
        ({"config": {"HUBBUB_CONNECTIONS": 10000000}}, {"connections": 10000000}),
        (
            {"config": {"HUBBUB_HOST": "::", "HUBBUB_CLOSE_SECONDS": 2.5}},
            {"host": "::", "close_seconds": 2.5},
        ),
        (
            {"archive": {"sqlite": {"enabled": True}}},
            {"archive_place": "sqlite:////var/lib/hubbub/hubbub.sqlite"},
        ),
        ({"broker": "redis", "redis": {"bundled": True}}, {"redis_url": "redis://chat-hubbub-redis:6379"}),
        ({"broker": "nats", "nats": {"bundled": True}}, {"nats_url": "nats://chat-hubbub-nats:4222"}),
        (
            {"broker": "nats", "nats": {"bundled": True}, "archive": {"postgres": {"bundled": True}}},
            {"archive_url": "postgresql://hubbub@chat-hubbub-postgres:5432/hubbub"},
        ),
        (
            {
                "broker": "nats",
                "nats": {"bundled": True},
                "archive": {"postgres": {"url": "postgresql://a:1,b:2/chat", "tls": {"existingSecret": "t"}}},
            },
            {
                "archive_url": "postgresql://a:1,b:2/chat?sslmode=verify-full"
                "&sslrootcert=/etc/hubbub/archive-tls/ca.crt"
            },
        ),
    ],
)
def test_a_node_accepts_the_settings_that_the_chart_writes(values: Object, expected: Object) -> None:
    # Kubernetes puts the value of a Secret in the place of its name.
    written = {
        name: value if isinstance(value, str) else "secret"
        for name, value in environment(render(values)).items()
    }
    settings = load_settings(written)
    assert {name: getattr(settings, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("values", "url"),
    [
        (
            {
                "nats": {
                    "url": "nats://a,nats://b",
                    "existingSecret": "s",
                    "username": "u",
                    "streamReplicas": 3,
                }
            },
            "nats://a,nats://b?replicas=3",
        ),
        ({"nats": {"url": "tls://a:1", "existingSecret": "s"}}, "tls://a:1"),
        (
            {"nats": {"url": "tls://a", "existingSecret": "s", "credsKey": "me.creds"}},
            "tls://a?creds=/etc/hubbub/broker-creds/me.creds",
        ),
        (
            {"nats": {"url": "nats://a", "existingSecret": "s", "nkeyKey": "seed"}},
            "nats://a?nkey=/etc/hubbub/broker-creds/seed",
        ),
        (
            {"nats": {"url": "tls://a", "tls": {"existingSecret": "t", "certKey": "c", "keyKey": "k"}}},
            "tls://a?cert=/etc/hubbub/broker-tls/c&key=/etc/hubbub/broker-tls/k",
        ),
    ],
)
def test_a_password_comes_from_a_secret_into_the_url(values: Object, url: str) -> None:
    (broker,) = values
    env = environment(render({"broker": broker, **values}))
    given = env[f"{broker.upper()}_URL"]
    for name, password in PRINTABLE.items():
        given = given.replace(f"$({name})", password)  # as the kubelet does
    assert given == url
    assert parse_nats_url(given).servers
    names = list(env)
    if "REDIS_PASSWORD" in env:
        assert names.index("REDIS_PASSWORD") < names.index("REDIS_URL")


@pytest.mark.parametrize(
    ("username", "expected"), [("", {"NATS_TOKEN"}), ("u", {"NATS_USER", "NATS_PASSWORD"})]
)
def test_the_password_of_nats_may_hold_any_character(username: str, expected: set[str]) -> None:
    nats = {"url": "nats://a", "existingSecret": "s", "passwordKey": "k", "username": username}
    env = environment(render({"broker": "nats", "nats": nats}))
    assert {name for name in env if name.startswith("NATS_")} == {"NATS_URL", *expected}
    (secret,) = expected - {"NATS_USER"}
    assert env[secret] == {"secretKeyRef": {"name": "s", "key": "k"}}
    assert env.get("NATS_USER", "") == username


@pytest.mark.parametrize(
    ("redis", "url"),
    [
        ({"url": "redis://r:1/0"}, "redis://r:1/0"),
        ({"url": "rediss://r", "username": "an:n/@?#%"}, "rediss://r"),
        ({"url": "redis+cluster://a:1,b:2", "waitReplicas": 1}, "redis+cluster://a:1,b:2?replicas=1"),
        ({"url": "redis+sentinel://a,b/chat/0?tls=1"}, "redis+sentinel://a,b/chat/0?tls=1"),
    ],
)
def test_redis_gets_user_and_password_apart_from_the_url(redis: Object, url: str) -> None:
    values = {"broker": "redis", "redis": {**redis, "existingSecret": "s", "passwordKey": "p"}}
    env = environment(render(values))
    assert env["REDIS_PASSWORD"] == {"secretKeyRef": {"name": "s", "key": "p"}}
    settings = load_settings({**env, "REDIS_PASSWORD": "p:a/s@s?w#o%r d "})
    options = settings.broker_options
    assert (options.url, options.user) == (url, redis.get("username", ""))
    assert options.password == "p:a/s@s?w#o%r d "
    parsed = parse_redis_url(url, 5, user=options.user, password=options.password)
    pool = parsed.open(parsed.seeds[0] if parsed.seeds else None)
    assert pool.connection_kwargs["password"] == options.password


def test_a_whole_url_may_be_secret() -> None:
    env = environment(render({"broker": "redis", "redis": {"existingSecret": "where", "urlKey": "at"}}))
    assert env["REDIS_URL"] == {"secretKeyRef": {"name": "where", "key": "at"}}


def test_certificates_are_mounted_and_named() -> None:
    objects = render(load(next(file for file in CI if file.name == "redis-values.yaml")))
    env = environment(objects)
    assert env["SSL_CERT_FILE"] == "/etc/hubbub/broker-tls/ca.crt"
    assert (
        "ssl_certfile=/etc/hubbub/broker-tls/tls.crt&ssl_keyfile=/etc/hubbub/broker-tls" in env["REDIS_URL"]
    )
    mounts = {mount["mountPath"] for mount in container(objects)["volumeMounts"]}
    assert mounts == {"/tmp", "/etc/hubbub/broker-tls"}  # noqa: S108 - the place in a container


def test_the_systems_certificate_authorities_are_supported() -> None:
    tls = {"existingSecret": "t", "caKey": "", "certKey": "c", "keyKey": "k"}
    sentinels = "redis+sentinel://a,b/chat/0?tls=1"
    env = environment(render({"broker": "redis", "redis": {"url": sentinels, "tls": tls}}))
    assert "SSL_CERT_FILE" not in env
    assert env["REDIS_URL"].startswith(f"{sentinels}&ssl_certfile=")


def test_pods_have_no_rights_and_no_token() -> None:
    for file in CI:
        objects = render(load(file))
        templates = [each["spec"]["template"]["spec"] for each in objects if each["kind"] == "Deployment"]
        bare = [each["spec"] for each in objects if each["kind"] == "Pod"]
        for spec in templates + bare:
            assert spec["automountServiceAccountToken"] is False
            assert spec["enableServiceLinks"] is False
            assert spec["securityContext"]["runAsNonRoot"]
            assert spec["securityContext"]["runAsUser"] >= 10000
            for each in chain(spec.get("initContainers", ()), spec["containers"]):
                if each["name"] in {"side", "first"}:
                    continue
                assert each["securityContext"]["readOnlyRootFilesystem"]
                assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
                assert each["resources"]["limits"]["memory"]
                assert "cpu" not in each["resources"]["limits"]


def test_nothing_that_runs_needs_a_shell() -> None:
    for version in ("1.25.0", "1.36.0"):
        for broker in ("redis", "nats"):
            values = {"broker": broker, broker: {"bundled": True}, "kubeVersionOverride": version}
            assert '"sh"' not in str(render(values)).replace("'", '"')


def test_liveness_and_readiness_have_their_own_probes() -> None:
    node = container(render())
    paths = [node[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")]
    assert paths == ["/health/live", "/health/live", "/health/ready"]


def test_a_pod_that_stops_has_the_time_it_needs() -> None:
    values = {
        "stop": {"preStopSeconds": 7, "drainSeconds": 100.5},
        "config": {"HUBBUB_CLOSE_SECONDS": 2.5},
    }
    objects = render(values)
    needs = 7 + load_settings(environment(objects)).stop_seconds
    assert needs < pod(objects)["spec"]["terminationGracePeriodSeconds"] <= needs + 6
    assert (
        pod(render({**values, "terminationGracePeriodSeconds": 500}))["spec"]["terminationGracePeriodSeconds"]
        == 500
    )


def test_pre_stop_sleeps_in_the_kubelet_or_in_python() -> None:
    def stops(version: str, seconds: int = 5, values: Object = MANY) -> object:
        stop = {"kubeVersionOverride": version, "stop": {"preStopSeconds": seconds}}
        return container(render({**values, **stop})).get("lifecycle")

    assert stops("1.30.0") == {"preStop": {"sleep": {"seconds": 5}}}
    assert stops("v1.36.2-eks-1") == {"preStop": {"sleep": {"seconds": 5}}}
    assert stops("1.29.9") == {
        "preStop": {"exec": {"command": ["python", "-c", "import time; time.sleep(5)"]}}
    }
    assert stops("1.36.0", 0) is None
    # There is no other pod to which anything could be routed.
    assert stops("1.36.0", values={}) is None


def test_pods_with_a_broker_are_replaced_one_by_one_and_without_one_never_overlap() -> None:
    assert find(render(MANY), "Deployment")["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }
    assert find(render(), "Deployment")["spec"]["strategy"] == {"type": "Recreate"}


def test_a_changed_setting_or_secret_replaces_the_pods() -> None:
    def sums(**values: object) -> object:
        return pod(render(values))["metadata"]["annotations"]

    assert sums() == sums()
    assert sums(config={"HUBBUB_LOG_LEVEL": "debug"}) != sums()
    assert sums(auth={"apiKey": {"value": "0123456789abcdef"}}) != sums()


def test_pods_are_spread_by_a_selector_that_finds_them() -> None:
    for constraint in pod(render(MANY))["spec"]["topologySpreadConstraints"]:
        labels = pod(render(MANY))["metadata"]["labels"]
        assert constraint["labelSelector"]["matchLabels"].items() <= labels.items()
        assert constraint["matchLabelKeys"] == ["pod-template-hash"]
    old = pod(render({**MANY, "kubeVersionOverride": "1.26.0"}))["spec"]["topologySpreadConstraints"]
    assert "matchLabelKeys" not in old[0]


def test_a_pod_waits_for_its_broker_with_the_settings_of_the_node() -> None:
    secret: Object = {"broker": "nats", "nats": {"existingSecret": "where"}, "waitForBrokerSeconds": 7}
    for values in (MANY, secret, {"broker": "nats", "nats": {"bundled": True}}):
        (waits,) = pod(render(values))["spec"]["initContainers"]
        assert waits["command"][-1] == str(values.get("waitForBrokerSeconds", 120))
        assert all(entry in container(render(values))["env"] for entry in waits["env"])
    assert "initContainers" not in pod(render({**MANY, "waitForBrokerSeconds": 0}))["spec"]
    assert "initContainers" not in pod(render())["spec"], "the memory broker needs no wait"


def test_the_history_of_one_pod_is_on_a_volume_that_outlives_the_release() -> None:
    objects = render({"archive": {"sqlite": {"enabled": True, "annotations": {"a": "b"}}}})
    claim = find(objects, "PersistentVolumeClaim", "chat-hubbub-archive")
    assert claim["metadata"]["annotations"] == {"a": "b", "helm.sh/resource-policy": "keep"}
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "10Gi"}},
    }
    volume = {"name": "archive", "persistentVolumeClaim": {"claimName": "chat-hubbub-archive"}}
    assert volume in pod(objects)["spec"]["volumes"]
    assert {"name": "archive", "mountPath": "/var/lib/hubbub"} in container(objects)["volumeMounts"]
    assert find(objects, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}


def test_a_claim_of_the_operator_is_used_as_it_is() -> None:
    objects = render({"archive": {"sqlite": {"enabled": True, "existingClaim": "mine"}}})
    assert "PersistentVolumeClaim" not in kinds(objects)
    assert {"name": "archive", "persistentVolumeClaim": {"claimName": "mine"}} in pod(objects)["spec"][
        "volumes"
    ]


def test_files_in_s3_have_a_secret_and_room_for_all_uploads() -> None:
    config = {"HUBBUB_FILES_URL": "s3://host/bucket", "HUBBUB_FILE_BYTES": 1048576}
    objects = render({"config": config, "auth": {"filesSecret": {"value": "s"}}})
    assert {"name": "tmp", "emptyDir": {"sizeLimit": 96 * 1048576}} in pod(objects)["spec"]["volumes"]
    assert b64decode(find(objects, "Secret", "chat-hubbub-auth")["data"]["files-secret"]) == b"s"
    reference = {"name": "chat-hubbub-auth", "key": "files-secret"}
    assert environment(objects)["HUBBUB_FILES_SECRET"] == {"secretKeyRef": reference}
