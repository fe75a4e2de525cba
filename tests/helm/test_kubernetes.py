"""Kubernetes accepts the rendered objects, from the oldest to the newest supported version."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import kubernetes_validate
import pytest
from kubernetes_validate import utils

from tests.helm.chart import CI, NEWEST, OLDEST, load, render

# Kinds of operators and gateways; Kubernetes has no schema for them.
OTHERS = {"HTTPRoute", "PodMonitor", "PrometheusRule", "ServiceMonitor"}


@pytest.fixture(autouse=True)
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cache the schemas, which would be read again for each object."""
    monkeypatch.setattr(utils, "schema_contents", _contents)
    monkeypatch.setattr(utils, "all_versions", _versions)


_contents = cache(utils.schema_contents)
_versions = cache(utils.all_versions)


@pytest.mark.parametrize("version", [OLDEST, "1.30", "1.36", NEWEST])
@pytest.mark.parametrize("values", CI, ids=lambda path: path.stem.removesuffix("-values"))
def test_kubernetes_accepts_the_objects(values: Path, version: str) -> None:
    for each in render({**load(values), "kubeVersionOverride": f"{version}.0"}):
        if each["kind"] not in OTHERS:
            assert kubernetes_validate.validate(each, version, strict=True) == version


def test_the_supported_versions_are_known() -> None:
    assert _versions()[-1].startswith(NEWEST), "a newer version can be supported"
