"""The chart renders from its package as from its folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import helm_python as helm

from tests.helm.chart import CHART, ROOT, render_text


def test_the_package_contains_all_files(tmp_path: Path) -> None:
    program = str(ROOT / "scripts" / "package_chart.py")
    subprocess.run([sys.executable, program, str(CHART), str(tmp_path), "1000000000"], check=True)
    (packed,) = tmp_path.iterdir()
    with helm.Chart.load(packed) as chart:
        assert dict(sorted(chart.render({}, name="chat", namespace="rooms").items())) == render_text()
