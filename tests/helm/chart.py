"""The chart, rendered by Helm itself as a library."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
import yaml

try:
    import helm_python as helm
except ImportError:
    if os.environ.get("CI"):
        raise
    pytest.skip("the wheel helm-python-sdk is not made for this machine", allow_module_level=True)

ROOT: Final = Path(__file__).parents[2]
CHART: Final = ROOT / "helm"
CI: Final = sorted((CHART / "ci").glob("*-values.yaml"))
OLDEST, NEWEST = "1.25", "1.37"

Object: TypeAlias = dict[str, Any]
Values: TypeAlias = Mapping[str, Any]


@cache
def chart() -> helm.Chart:
    """Load the chart, once."""
    return helm.Chart.load(CHART)


def render(values: Values | None = None, *, name: str = "chat", namespace: str = "rooms") -> list[Object]:
    """Render all objects, in the order of their files. Raises `helm.HelmError` if the values are rejected."""
    return list(_objects(render_text(values, name=name, namespace=namespace)))


def render_text(
    values: Values | None = None, *, name: str = "chat", namespace: str = "rooms"
) -> dict[str, str]:
    """Render all files, by their paths."""
    return dict(sorted(chart().render(dict(values or {}), name=name, namespace=namespace).items()))


def rejection(values: Values) -> str:
    """Render values that must be rejected; return the error message."""
    with pytest.raises(helm.HelmError) as error:
        render(values)
    return str(error.value)


def notes(values: Values | None = None) -> str:
    """Render the notes that are printed after an installation."""
    return render_text(values)["hubbub/templates/NOTES.txt"]


def load(path: Path) -> Any:  # noqa: ANN401 - YAML holds anything
    """Read a file of YAML."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def find(objects: list[Object], kind: str, name: str = "chat-hubbub") -> Object:
    """Find the one object of a kind and a name."""
    (found,) = (each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def kinds(objects: list[Object]) -> set[str]:
    """Return the kinds of the objects."""
    return {each["kind"] for each in objects}


def pod(objects: list[Object], name: str = "chat-hubbub") -> Object:
    """Find a Deployment's pod template."""
    found: Object = find(objects, "Deployment", name)["spec"]["template"]
    return found


def container(objects: list[Object], name: str = "chat-hubbub") -> Object:
    """Find the first container of a Deployment."""
    found: Object = pod(objects, name)["spec"]["containers"][0]
    return found


def environment(objects: list[Object]) -> dict[str, Any]:
    """Collect the node's environment: from the ConfigMap, and from the pod template."""
    own = {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container(objects)["env"]}
    return {**find(objects, "ConfigMap")["data"], **own}


def _objects(files: dict[str, str]) -> Iterator[Object]:
    for path, text in files.items():
        if path.endswith(".yaml"):
            yield from (each for each in yaml.load_all(text, yaml.CSafeLoader) if each)
