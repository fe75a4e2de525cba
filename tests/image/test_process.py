"""The process as a container runs it: signals from the start on, and logs in JSON."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from service import healthcheck
from tests.hubbub_cli.server import serving

ROOT = Path(__file__).parents[2]


def start(**settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "service"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HUBBUB_PORT": "0", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_every_line_is_json_if_configured() -> None:
    process = start(HUBBUB_LOG_FORMAT="json")
    assert process.stdout
    events = [json.loads(process.stdout.readline())["event"]]
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=30)
    events += [json.loads(line)["event"] for line in output.splitlines()]
    assert process.returncode == 0
    assert events[0] == "node_started"
    assert events[-1] == "node_stopped"


def test_a_signal_during_the_start_ends_the_process_gracefully() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        silent.settimeout(30)
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        process = start(BROKER="redis", REDIS_URL=url, HUBBUB_BROKER_TIMEOUT="1")
        connected, _ = silent.accept()
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
        connected.close()
    assert process.returncode == 0, "as a container's first process it would have missed the signal"
    assert "waiting_for_broker" in output


def test_the_health_check_uses_the_address_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as node:
        monkeypatch.setenv("HUBBUB_PORT", str(node.port))
        monkeypatch.setenv("HUBBUB_HOST", "0.0.0.0")  # noqa: S104 - the check uses the loopback address
        assert healthcheck.main() == 0
        assert json.loads(capsys.readouterr().out)["status"] == "ok"
    assert healthcheck.main() == 1
    assert "no answer" in capsys.readouterr().err
