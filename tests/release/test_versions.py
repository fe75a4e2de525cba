"""One version everywhere, and packages that are the same whenever they are made."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import yaml

import hubbub_cli
import hubbub_client
import hubbub_protocol
from service import __version__

ROOT = Path(__file__).parents[2]


def test_all_versions_agree() -> None:
    chart = yaml.safe_load((ROOT / "helm" / "Chart.yaml").read_text(encoding="utf-8"))
    packages = ("package.json", "js/package.json", "web/package.json")
    web = [json.loads((ROOT / "clients" / path).read_text(encoding="utf-8")) for path in packages]
    label = re.findall(r'image\.version="([^"]+)"', (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert {
        __version__,
        hubbub_protocol.__version__,
        hubbub_client.__version__,
        hubbub_cli.__version__,
        *(package["version"] for package in web),
        web[2]["dependencies"]["@hubbub/client"],
        chart["appVersion"],
        *label,
    } == {__version__}
    assert re.fullmatch(r"\d+\.\d+\.\d+", chart["version"])


def test_the_chart_is_packed_the_same_twice_and_without_what_is_for_us() -> None:
    spec = importlib.util.spec_from_file_location("package_chart", ROOT / "scripts" / "package_chart.py")
    assert spec
    assert spec.loader
    package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    one, two = (package.pack(ROOT / "helm", 1_000_000_000) for _ in range(2))
    assert one == two
    names = {path.relative_to(ROOT / "helm").as_posix() for path in package.files(ROOT / "helm")}
    assert {"Chart.yaml", "values.schema.json", "templates/_names.tpl", "files/alerts.yaml"} <= names
    assert not [name for name in names if name.startswith((".", "ci/"))]
