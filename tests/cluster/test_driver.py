"""The driver of the cluster tests, tested without a cluster."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.cluster.bundle import DRIVER, bundle
from tests.hubbub_cli.server import serving

LARGEST = 1_000_000  # of a ConfigMap


def test_the_driver_runs_from_its_zip_and_counts_messages(tmp_path: Path) -> None:
    packed = tmp_path / "bundle.zip"
    packed.write_bytes(bundle())
    assert packed.stat().st_size < LARGEST
    with serving() as node:
        # Outside the checkout, as in a pod.
        driver = tmp_path / "driver.py"
        driver.write_text(DRIVER.read_text(encoding="utf-8"), encoding="utf-8")
        command = [sys.executable, str(driver), node.url, "3"]
        process = subprocess.Popen(
            command, cwd=tmp_path, env={"PYTHONPATH": str(packed)}, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        assert process.stdout.readline() == "all users chat\n"
        process.send_signal(signal.SIGUSR1)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert output.endswith("messages, none lost or duplicated\n")
