"""Several workers on one port: chat, metrics, health, start and shutdown."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hubbub_client import Client
from tests.contract.server import Server as Backbone
from tests.e2e.backbones import NAMES, backbone, until_ready_says
from tests.e2e.crowd import crowd
from tests.hubbub_cli.server import ROOT, Server, serving

WORKERS = 2
# So many that the system gives all of them to one worker only once in eight million runs.
USERS = 24


@pytest.fixture(params=NAMES)
def broker(request: pytest.FixtureRequest) -> Iterator[tuple[Backbone, dict[str, str]]]:
    with backbone(str(request.param)) as found:
        yield found


@pytest.fixture
def server(broker: tuple[Backbone, dict[str, str]]) -> Iterator[Server]:
    with serving(**broker[1], HUBBUB_WORKERS=str(WORKERS)) as here:
        yield here


def read_metrics(server: Server) -> dict[tuple[str, str], float]:
    """Read the metrics: values by name and worker, summed over the other labels."""
    found: dict[tuple[str, str], float] = {}
    text = httpx.get(f"http://127.0.0.1:{server.port}/metrics", timeout=10).text
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            at = sample.name, sample.labels["worker"]
            found[at] = found.get(at, 0) + sample.value
    return found


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def is_running(pid: int) -> bool:
    """Return whether a process is running, and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until_gone(pids: list[int]) -> None:
    while any(map(is_running, pids)):  # noqa: ASYNC110 - there is no event for the end of a grandchild
        await asyncio.sleep(0.02)


async def test_clients_of_all_workers_share_one_chat_and_are_counted_once(server: Server) -> None:
    async with crowd(server.url, USERS) as gathered:
        async with asyncio.TaskGroup() as group:
            for user in gathered.users:
                group.create_task(user.send_numbered(3))
        await gathered.until(lambda: all(len(user.received) == USERS * 3 for user in gathered.users))
        orders = {tuple(message.text for message in user.messages()) for user in gathered.users}
        assert len(orders) == 1
        numbers = await asyncio.to_thread(read_metrics, server)
        each = [numbers["hubbub_connections", str(number)] for number in range(1, WORKERS + 1)]
        assert sum(each) == USERS
        assert all(each), "the system gave all connections to one worker"
        stored = [numbers["hubbub_messages_in_total", str(number)] for number in range(1, WORKERS + 1)]
        assert sum(stored) == USERS * 3
        assert [numbers["hubbub_worker_up", str(number)] for number in range(1, WORKERS + 1)] == [1, 1]


async def test_readiness_covers_all_workers(server: Server, broker: tuple[Backbone, dict[str, str]]) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=10) as http:
        answer = await http.get("/health/ready")
        assert answer.status_code == 200
        assert answer.json()["workers"] == {"1": "ok", "2": "ok"}
        broker[0].kill()
        await until_ready_says(server.port, 503)
        workers = (await http.get("/health/ready")).json()["workers"]
        assert all("the broker is unreachable" in status for status in workers.values()), workers
        assert (await http.get("/health/live")).status_code == 200


async def test_a_killed_worker_is_restarted_and_its_clients_resume(server: Server) -> None:
    async with crowd(server.url, USERS) as gathered, asyncio.timeout(40):
        victim = children(server.pid)[0]
        os.kill(victim, signal.SIGKILL)
        async with asyncio.TaskGroup() as group:
            for user in gathered.users:
                group.create_task(user.send_numbered(3))
        await gathered.until(lambda: all(len(user.received) == USERS * 3 for user in gathered.users))
        while True:
            numbers = await asyncio.to_thread(read_metrics, server)
            if numbers["hubbub_worker_up", "1"] == numbers["hubbub_worker_up", "2"] == 1:
                break
        restarts = [numbers["hubbub_worker_restarts_total", str(number)] for number in (1, 2)]
        assert sorted(restarts) == [0, 1]
        assert victim not in children(server.pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_all_workers_end_with_their_parent(server: Server, number: int) -> None:
    pids = children(server.pid)
    assert len(pids) == WORKERS
    async with Client(server.url, name="ann") as ann:
        await ann.online()
        server.signal(number)
        assert await asyncio.to_thread(server.ended) == 0
    assert not any(map(is_running, pids))


async def test_a_signal_to_the_process_group_counts_once(server: Server) -> None:
    for pid in (server.pid, *children(server.pid)):
        os.kill(pid, signal.SIGTERM)
    assert await asyncio.to_thread(server.ended) == 0


async def test_a_parent_that_is_killed_leaves_no_workers(server: Server) -> None:
    pids = children(server.pid)
    server.kill()
    async with asyncio.timeout(30):
        await until_gone(pids)


def start(**settings: str) -> subprocess.CompletedProcess[str]:
    """Try to start workers with invalid settings; return the result."""
    environment = {"PATH": os.environ["PATH"], "HUBBUB_WORKERS": "2", "HUBBUB_LOG_LEVEL": "error"} | settings
    return subprocess.run(
        [sys.executable, "-m", "service"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_several_workers_are_rejected_with_the_memory_broker() -> None:
    ended = start()
    assert ended.returncode == 2
    assert "HUBBUB_WORKERS=2 is refused with BROKER=memory" in ended.stderr


def test_a_port_in_use_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = start(BROKER="redis", HUBBUB_PORT=str(taken.getsockname()[1]))
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "can't listen on 127.0.0.1:" in ended.stderr


def test_the_port_of_other_workers_is_in_use(server: Server) -> None:
    ended = start(**server.settings, HUBBUB_PORT=str(server.port))
    assert ended.returncode == 1
    assert "can't listen on 127.0.0.1:" in ended.stderr


def test_an_unreachable_broker_is_reported_once() -> None:
    ended = start(BROKER="redis", REDIS_URL="redis://127.0.0.1:1", HUBBUB_PORT="0", HUBBUB_START_SECONDS="0")
    assert ended.returncode == 1
    lines = [line for line in ended.stderr.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("hubbub: worker 1: ")


def test_workers_listen_on_ipv4_and_ipv6() -> None:
    with (
        backbone("redis") as (_, settings),
        serving(**settings, HUBBUB_WORKERS="2", HUBBUB_HOST="::") as server,
    ):
        for host in ("127.0.0.1", "[::1]"):
            assert httpx.get(f"http://{host}:{server.port}/health/live").status_code == 200
