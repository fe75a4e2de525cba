"""Operators and gateways accept the objects that are meant for them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helm.chart import CI, Object, load, render
from tests.helm.test_kubernetes import OTHERS

HERE = Path(__file__).parent / "resources"


def errors(objects: list[Object]) -> str:
    """Validate objects against the schemas of their kinds; return the errors, or nothing."""
    done = subprocess.run(
        [node(), "validate.mjs"],
        cwd=HERE,
        input=json.dumps(objects),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.stdout


def node() -> str:
    """Find Node and the schemas, or skip the test; where tests must be complete (CI) that is a failure."""
    found = shutil.which("node")
    if found and (HERE / "node_modules").is_dir():
        return found
    message = "needs node and the packages of tests/helm/resources: make test installs them"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def test_operators_and_gateways_accept_the_objects() -> None:
    objects = [each for file in CI for each in render(load(file)) if each["kind"] in OTHERS]
    assert {each["kind"] for each in objects} == OTHERS
    assert not errors(objects)


def test_they_reject_wrong_objects() -> None:
    values = {"httpRoute": {"enabled": True, "parentRefs": [{"name": "g"}], "hostnames": ["not a host"]}}
    route = next(each for each in render(values) if each["kind"] == "HTTPRoute")
    assert "hostnames" in errors([route])
