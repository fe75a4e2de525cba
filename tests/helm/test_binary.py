"""The helm programs that are on the PATH, 3.17 or newer, agree with the library."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helm.chart import CHART, CI

HELM = shutil.which(os.environ.get("HELM", "helm"))
pytestmark = pytest.mark.skipif(HELM is None, reason="there is no helm on the PATH")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    assert HELM
    return subprocess.run([HELM, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("values", CI, ids=lambda path: path.stem.removesuffix("-values"))
def test_helm_lints_and_renders_the_chart(values: Path) -> None:
    linted = run("lint", "--strict", CHART, "--values", values)
    assert linted.returncode == 0, linted.stdout
    rendered = run("template", "chat", CHART, "--values", values, "--kube-version", "1.36.0")
    assert rendered.returncode == 0, rendered.stderr


def test_helm_rejects_what_the_library_rejects() -> None:
    refused = run("template", "chat", CHART, "--set", "replicaCount=2")
    assert refused.returncode == 1
    assert "replicaCount" in refused.stderr
