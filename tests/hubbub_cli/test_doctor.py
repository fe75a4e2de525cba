"""`doctor` reports each check, up to the first that fails."""

import json
import socket

from tests.hubbub_cli.program import run
from tests.hubbub_cli.server import Server, serving


def test_every_check_passes(server: Server) -> None:
    done = run("doctor", "-s", server.url, "--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["check"] for record in records] == [
        "config",
        "dns",
        "tcp",
        "upgrade",
        "hello",
        "ping",
        "clock",
    ]
    assert {record["verdict"] for record in records} == {"ok"}
    assert done.returncode == 0


def test_it_stops_at_the_first_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = run("doctor", "-s", f"ws://127.0.0.1:{port}")
    assert done.stdout.splitlines()[-2:] == [
        "  fail  tcp     connection refused",
        "                Check that a server runs on this host and port.",
    ]
    assert done.returncode == 3


def test_a_silent_server_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        done = run("doctor", "-s", f"ws://127.0.0.1:{port}", "--connect-timeout", "300ms", "--json")
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["check"], last["code"]) == ("upgrade", "timeout")
    assert done.returncode == 3


def test_a_port_without_tls_that_waits_is_reported_soon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = run("doctor", "-s", f"wss://127.0.0.1:{silent.getsockname()[1]}", "--json")
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["check"], last["detail"]) == ("tls", "the server does not speak TLS on this port")
    assert done.returncode == 3


def test_another_path_is_reported(server: Server) -> None:
    done = run("doctor", "-s", f"{server.url}/elsewhere", "--json")
    assert json.loads(done.stdout.splitlines()[-1])["code"] == "no_websocket"


def test_a_server_above_its_connection_rate_limit_reports_when_to_retry() -> None:
    with serving(HUBBUB_ADMISSIONS_PER_SECOND="0.01", HUBBUB_ADMISSIONS_BURST="1") as busy:
        first, second = (run("doctor", "-s", busy.url, "--json") for _ in range(2))
    assert first.returncode == 0
    last = json.loads(second.stdout.splitlines()[-1])
    assert (last["check"], last["code"]) == ("hello", "busy")
    assert last["hint"].startswith("Retry after ")
    assert second.returncode == 5
