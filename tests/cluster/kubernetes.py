"""A namespace of a real cluster, and a release of the chart in it. Both are removed at the end."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest

from service import __version__
from tests.cluster.bundle import ROOT

PATIENCE: Final = "300s"
# `kubectl get all` omits some kinds of the chart's objects.
KINDS: Final = (
    "deployments,replicasets,pods,services,configmaps,secrets,serviceaccounts,"
    "poddisruptionbudgets,networkpolicies,horizontalpodautoscalers,ingresses,persistentvolumeclaims"
)


def run(program: str, *arguments: str, given: str | None = None) -> str:
    """Run a program to its end; if it fails, fail with its output."""
    done = subprocess.run([program, *arguments], input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{program} {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done.stdout


def is_there() -> str:
    """Return what is missing for tests in a cluster; empty if nothing is."""
    missing = [name for name in ("helm", "kubectl") if shutil.which(name) is None]
    if "KUBECONFIG" not in os.environ:
        missing.append("KUBECONFIG")
    return f"needs {', '.join(missing)}" if missing else ""


def image() -> tuple[str, str]:
    """Return the image that the cluster has: HUBBUB_TEST_IMAGE, or the one that `make image` builds.

    The port of a registry is not a tag.
    """
    named = os.environ.get("HUBBUB_TEST_IMAGE", "hubbub")
    repository, _, tag = named.rpartition(":")
    return (repository, tag) if repository and "/" not in tag else (named, __version__)


@dataclass(frozen=True, slots=True)
class Release:
    """A release of the chart in a namespace of its own."""

    namespace: str
    name: str = "chat"

    @property
    def deployment(self) -> str:
        return f"deployment/{self.name}-hubbub"

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """Run kubectl in the namespace."""
        return run("kubectl", "--namespace", self.namespace, *arguments, given=given)

    def helm(self, *arguments: str) -> str:
        """Run helm in the namespace."""
        return run("helm", "--namespace", self.namespace, *arguments)

    def install(self, **values: object) -> None:
        """Install, or upgrade to these values, and wait until all is ready."""
        repository, tag = image()
        wanted: dict[str, object] = {"image.repository": repository, "image.tag": tag, **values}
        sets = [
            f"--set-string={key}={value}" if isinstance(value, str) else f"--set={key}={json.dumps(value)}"
            for key, value in wanted.items()
        ]
        files = [f"--values={named}"] if (named := os.environ.get("HUBBUB_TEST_VALUES")) else []
        chart = str(ROOT / "helm")
        self.helm("upgrade", "--install", self.name, chart, *files, *sets, "--wait", "--timeout", PATIENCE)
        self.kubectl("rollout", "status", self.deployment, f"--timeout={PATIENCE}")

    def test(self) -> None:
        """Run `helm test`."""
        self.helm("test", self.name, "--timeout", PATIENCE)

    def get(self, kinds: str, *selector: str) -> list[Mapping[str, Any]]:
        """Read objects."""
        found: list[Mapping[str, Any]] = json.loads(self.kubectl("get", kinds, *selector, "-o", "json"))[
            "items"
        ]
        return found

    def pods(self) -> list[Mapping[str, Any]]:
        """Read the nodes' pods, including those that are terminating."""
        labels = f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component=node"
        return self.get("pods", "--selector", labels)

    def until_pods_are(self, count: int) -> None:
        """Wait until there are so many pods and none is terminating; Helm 3 doesn't wait for that."""
        self.kubectl("rollout", "status", self.deployment, f"--timeout={PATIENCE}")
        for pod in self.pods():
            if "deletionTimestamp" in pod["metadata"]:
                name = f"pod/{pod['metadata']['name']}"
                self.kubectl("wait", "--for=delete", name, f"--timeout={PATIENCE}")
        assert len(self.pods()) == count

    def uninstall(self) -> list[str]:
        """Uninstall, wait for the pods' ends, and return the names of leftover objects."""
        self.helm("uninstall", self.name, "--wait", "--timeout", PATIENCE)
        selector = f"app.kubernetes.io/instance={self.name}"
        # Helm waits for its own objects; the pods may take as long as a drain.
        self.kubectl("wait", "--for=delete", "pods", "--selector", selector, f"--timeout={PATIENCE}")
        return [
            f"{each['kind']}/{each['metadata']['name']}" for each in self.get(KINDS, "--selector", selector)
        ]


@contextmanager
def release() -> Iterator[Release]:
    """Create a namespace for the time of the block."""
    if missing := is_there():
        pytest.skip(missing)
    made = Release(f"hubbub-test-{secrets.token_hex(3)}")
    run("kubectl", "create", "namespace", made.namespace)
    try:
        yield made
    finally:
        run("kubectl", "delete", "namespace", made.namespace, "--wait=false")
