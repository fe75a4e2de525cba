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
from tests.helm.chart import CHART, Object, container, find, kinds, pod, render
from tests.hubbub_cli.server import serving

PROGRAMS = {"redis": redis_server.find_server, "nats": nats_server.find_server}

# The variable of the password, of the broker's container and of a node.
PASSWORDS = {"redis": "REDIS_PASSWORD", "nats": "NATS_TOKEN"}
SECRET = "a-generated-password"


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
    variable = f"$({PASSWORDS[broker]})"
    assert [each["name"] for each in made["env"]] == [PASSWORDS[broker]]
    arguments = [
        str(ports.get(part, part)).replace("/data", str(folder)).replace(variable, SECRET)
        for part in made["args"]
    ]
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
        settings = {"BROKER": broker, f"{broker.upper()}_URL": url, "HUBBUB_START_SECONDS": "0"}
        with serving(**settings, **{PASSWORDS[broker]: SECRET}) as node:
            ready = httpx.get(f"http://127.0.0.1:{node.port}/health/ready", timeout=20)
            assert ready.status_code == httpx.codes.OK
        with pytest.raises(AssertionError, match="did not start"), serving(**settings):
            pytest.fail("it started without the password")
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


@pytest.mark.parametrize("broker", PROGRAMS)
def test_the_broker_and_its_nodes_have_the_password_of_one_secret(broker: str) -> None:
    objects = render({"broker": broker, broker: {"bundled": True}})
    made = find(objects, "Secret", f"chat-hubbub-{broker}")
    assert list(made["data"]) == ["password"]
    for name in ("chat-hubbub", f"chat-hubbub-{broker}"):
        (password,) = (each for each in container(objects, name)["env"] if each["name"] == PASSWORDS[broker])
        assert password["valueFrom"] == {"secretKeyRef": {"name": f"chat-hubbub-{broker}", "key": "password"}}


@pytest.mark.parametrize("broker", PROGRAMS)
def test_a_secret_of_yours_has_the_password_instead(broker: str) -> None:
    yours = {"bundled": True, "existingSecret": "login", "passwordKey": "pass"}
    objects = render({"broker": broker, broker: yours})
    assert "Secret" not in kinds(objects)
    for name in ("chat-hubbub", f"chat-hubbub-{broker}"):
        (password,) = (each for each in container(objects, name)["env"] if each["name"] == PASSWORDS[broker])
        assert password["valueFrom"] == {"secretKeyRef": {"name": "login", "key": "pass"}}


def test_a_render_without_a_cluster_is_the_same_twice_and_an_install_has_a_random_password() -> None:
    values: Object = {"broker": "redis", "redis": {"bundled": True}}
    assert render(values) == render(values)
    template = (CHART / "templates/bundled/secret.yaml").read_text(encoding="utf-8")
    assert 'lookup "v1" "Secret" .Release.Namespace' in template, "an upgrade keeps what is stored"
    assert '.Capabilities.APIVersions.Has "v1/Secret" | ternary (randAlphaNum 32)' in template
