"""The chart on the real cluster of KUBECONFIG: `pytest -m cluster tests/cluster`.

HUBBUB_TEST_IMAGE names the image, which the cluster must have or be able to pull. HUBBUB_TEST_VALUES names a
file with further values, such as another registry for the brokers' images.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.bundle import DRIVER, bundle
from tests.cluster.kubernetes import Release, image, release

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(1800)]

PEOPLE = 10
HARDENED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture
def chat() -> Iterator[Release]:
    with release() as made:
        yield made


def cluster_of(broker: str, replicas: int) -> dict[str, object]:
    return {"broker": broker, f"{broker}.bundled": True, "replicaCount": replicas}


def driver_pod(url: str) -> str:
    """Return the manifest of the pod with the simulated users."""
    repository, tag = image()
    container = {
        "name": "driver",
        "image": f"{repository}:{tag}",
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "/driver/driver.py", url, str(PEOPLE)],
        "env": [{"name": "PYTHONPATH", "value": "/driver/bundle.zip"}],
        "securityContext": HARDENED,
        "volumeMounts": [{"name": "driver", "mountPath": "/driver"}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "driver"},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "containers": [container],
            "volumes": [{"name": "driver", "configMap": {"name": "driver"}}, {"name": "tmp", "emptyDir": {}}],
        },
    }
    files = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "driver"},
        "binaryData": {
            "driver.py": base64.b64encode(DRIVER.read_bytes()).decode(),
            "bundle.zip": base64.b64encode(bundle()).decode(),
        },
    }
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [files, pod]})


@contextmanager
def people_chat(chat: Release) -> Iterator[None]:
    """Let users chat for the time of the block; fail if a message was lost or duplicated."""
    chat.kubectl("apply", "-f", "-", given=driver_pod(f"ws://{chat.name}-hubbub"))
    chat.kubectl("wait", "--for=condition=Ready", "pod/driver", "--timeout=120s")
    command = ["kubectl", "--namespace", chat.namespace, "logs", "--follow", "driver"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as log:
        assert log.stdout
        try:
            assert log.stdout.readline() == "all users chat\n"
            yield
            chat.kubectl("exec", "driver", "--", "python", "-c", "import os; os.kill(1, 10)")  # SIGUSR1
            output, _ = log.communicate(timeout=180)
        finally:
            log.kill()
    assert output.endswith("none lost or duplicated\n"), output


def test_one_command_installs_a_chat_and_uninstalling_it_leaves_nothing(chat: Release) -> None:
    chat.install()
    chat.test()
    assert not chat.uninstall()


@pytest.mark.parametrize("broker", ["redis", "nats"])
def test_a_message_crosses_pods_and_no_objects_are_left(chat: Release, broker: str) -> None:
    chat.install(**cluster_of(broker, 2), **{"networkPolicy.enabled": True})
    chat.test()
    chat.test()
    assert not [
        pod for pod in chat.pods() if any(c["restartCount"] for c in pod["status"]["containerStatuses"])
    ]
    assert not chat.uninstall()


@pytest.mark.parametrize("broker", ["redis", "nats"])
def test_upgrade_rollback_and_scale_down_are_not_noticed(chat: Release, broker: str) -> None:
    usual = cluster_of(broker, 3)
    chat.install(**usual)
    with people_chat(chat):
        chat.install(**usual, **{"config.HUBBUB_LOG_LEVEL": "debug"})
        chat.helm("rollback", chat.name, "--wait", "--timeout", "300s")
        chat.until_pods_are(3)
        chat.install(**{**usual, "replicaCount": 1})
        chat.until_pods_are(1)


@pytest.mark.parametrize("broker", ["redis", "nats"])
def test_nodes_reconnect_to_a_replaced_broker(chat: Release, broker: str) -> None:
    chat.install(**cluster_of(broker, 2))
    chat.kubectl("delete", "pod", "--selector", f"app.kubernetes.io/component={broker}", "--now")
    chat.kubectl("rollout", "status", f"{chat.deployment}-{broker}", "--timeout=120s")
    chat.test()


def test_from_memory_to_a_broker_and_back(chat: Release) -> None:
    chat.install()
    chat.install(**cluster_of("redis", 2))
    chat.test()
    chat.install()
    chat.test()
