"""`bench` loads a server of one's own, and reports what it measured."""

import json
import os
import pty
import subprocess
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hubbub_cli.latency_histogram import LatencyHistogram
from tests.hubbub_cli.program import COMMAND, LIMIT, environment, run
from tests.hubbub_cli.server import ROOT, Server, serving

SHORT = ("bench", "--members", "3", "--rate", "50", "--seconds", "0.4")


def test_it_measures_all_deliveries(server: Server, tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"
    done = run(*SHORT, "--json", "--svg", str(plot), "-s", server.url)
    result = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (result["sent"], result["delivered"], result["missing"], result["rejected"]) == (20, 60, 0, {})
    assert 0 < result["delivery_ms"]["p50"] <= result["delivery_ms"]["p99"]
    texts = ET.parse(plot).getroot().itertext()  # noqa: S314  written by the program
    assert "20 messages of 100 characters" in "".join(texts)


def test_the_report_has_percentiles_and_a_plot(server: Server) -> None:
    lines = run(*SHORT, "-s", server.url).stdout.splitlines()
    assert lines[0].endswith("to 3 members: 60 deliveries")
    assert [line.split()[:2] for line in lines[1:3]] == [["delivered", "p50"], ["stored", "p50"]]
    assert any("█" in line for line in lines[4:])


def read_all(terminal: int) -> bytes:
    """Read what a terminal shows, to the end: one call returns 4 KiB at most."""
    parts = []
    # The end of a terminal without a program is an error (EIO).
    with suppress(OSError):
        while part := os.read(terminal, 65_536):
            parts.append(part)
    return b"".join(parts)


def test_a_terminal_shows_the_progress(server: Server) -> None:
    ours, theirs = pty.openpty()
    command = [*COMMAND, *SHORT, "-s", server.url]
    subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        cwd=ROOT,
        env=environment(),
        timeout=LIMIT,
        check=True,
    )
    os.close(theirs)
    shown = read_all(ours).decode()
    os.close(ours)
    assert "connected 1 of 3" in shown
    assert shown.endswith("\r\x1b[K")


@pytest.mark.parametrize("host", ["chat.example.org", "192.0.2.1"])
def test_another_machine_needs_a_promise(host: str) -> None:
    done = run("bench", "-s", f"wss://{host}")
    assert done.returncode == 2
    assert f"{host} is another machine, and a load disturbs its users." in done.stderr


def test_a_load_beyond_the_program_is_rejected(server: Server) -> None:
    done = run("bench", "--members", "1000", "--rate", "1000", "-s", server.url)
    assert done.returncode == 2
    assert "this program can measure 20,000 a second" in done.stderr


def test_the_limits_of_the_server_are_named() -> None:
    with serving(HUBBUB_NAMES_PER_ADDRESS="2") as small:
        done = run(*SHORT, "-s", small.url, "--connect-timeout", "1s")
    assert done.returncode == 3
    assert "as many names as the server allows" in done.stderr


def test_rejected_messages_are_counted() -> None:
    with serving(HUBBUB_TEXT_CHARACTERS="50") as small:
        done = run(*SHORT, "-s", small.url)
    assert done.returncode == 5
    assert "rejected   20 messages: too_long" in done.stdout


def test_percentiles_are_right_to_five_percent() -> None:
    measured = LatencyHistogram()
    for number in range(1, 1001):
        measured.add(number / 1000)
    assert measured.percentile(50) == pytest.approx(0.5, rel=0.05)
    assert measured.percentile(99) == pytest.approx(0.99, rel=0.05)
    assert measured.percentile(100) == measured.longest == 1.0
    assert sum(count for _, count in measured.rows()) == 1000


def test_a_plot_ends_with_what_is_slower_than_all_rows() -> None:
    measured = LatencyHistogram()
    measured.add(0.0)
    measured.add(9.0)
    rows = list(measured.rows())
    assert (rows[0], rows[-1]) == (("≤ 0.5 ms", 1), ("> 5000 ms", 1))
    assert not list(LatencyHistogram().rows())
