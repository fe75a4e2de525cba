"""The bundled brokers start with the chart's arguments: real servers, and a node on each."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.contract import nats_server, redis_server
from tests.helm.chart import Object, container, pod, render
from tests.hubbub_cli.server import serving

PROGRAMS = {"redis": redis_server.find_server, "nats": nats_server.find_server}


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


def bundled(broker: str) -> Object:
    return container(render({"broker": broker, broker: {"bundled": True}}), f"chat-hubbub-{broker}")


@contextmanager
def started(broker: str, folder: Path) -> Iterator[dict[str, int]]:
    """Run a broker with the arguments of its container; yield its ports by name."""
    made = bundled(broker)
    ports = {str(port["containerPort"]): free_port() for port in made["ports"]}
    arguments = [str(ports.get(part, part)).replace("/data", str(folder)) for part in made["args"]]
    process = subprocess.Popen(
        [PROGRAMS[broker](), *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    named = {port["name"]: ports[str(port["containerPort"])] for port in made["ports"]}
    try:
        until_it_listens(named["broker"], process)
        yield named
    finally:
        process.terminate()
        process.wait(20)


def until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            continue
        return
    pytest.fail("the server has ended")


@pytest.mark.parametrize("broker", PROGRAMS)
def test_a_node_is_ready_with_the_bundled_broker(broker: str, tmp_path: Path) -> None:
    with started(broker, tmp_path) as ports:
        url = f"{broker}://127.0.0.1:{ports['broker']}"
        with serving(**{"BROKER": broker, f"{broker.upper()}_URL": url}) as node:
            ready = httpx.get(f"http://127.0.0.1:{node.port}/health/ready", timeout=20)
            assert ready.status_code == httpx.codes.OK
    assert list(tmp_path.iterdir()), "its data is on disk"


def test_nats_answers_its_probes(tmp_path: Path) -> None:
    made = bundled("nats")
    with started("nats", tmp_path) as ports:
        for probe in ("livenessProbe", "readinessProbe"):
            asked = made[probe]["httpGet"]
            answer = httpx.get(f"http://127.0.0.1:{ports[asked['port']]}{asked['path']}", timeout=20)
            assert answer.status_code == httpx.codes.OK


@pytest.mark.parametrize("broker", PROGRAMS)
def test_a_bundled_broker_starts_by_name_with_any_entrypoint(broker: str) -> None:
    assert bundled(broker)["command"] == [f"{broker}-server"]


@pytest.mark.parametrize("broker", PROGRAMS)
def test_an_upgrade_of_hubbub_leaves_it_and_its_data_alone(broker: str) -> None:
    values: Object = {"broker": broker, broker: {"bundled": True}}
    newer: Object = {"image": {"tag": "9"}, "config": {"HUBBUB_LOG_LEVEL": "debug"}, "replicaCount": 2}
    before, after = (pod(render(each), f"chat-hubbub-{broker}") for each in (values, {**values, **newer}))
    assert before == after
    assert not {"helm.sh/chart", "app.kubernetes.io/version"} & before["metadata"]["labels"].keys()
