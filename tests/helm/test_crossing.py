"""The scripts of `helm test` and of a waiting pod, on real nodes."""

from __future__ import annotations

import runpy
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.contract.redis_server import shared_redis
from tests.hubbub_cli.server import serving

FILES = Path(__file__).parents[2] / "helm" / "files"
ADDRESSES = ("127.0.0.1", "127.0.0.2")


@pytest.fixture
def port() -> Iterator[int]:
    """Start two nodes on two addresses and one port, as pods are."""
    with closing(socket.create_server((ADDRESSES[1], 0))) as taken:
        free = taken.getsockname()[1]
    settings = {"BROKER": "redis", "REDIS_URL": shared_redis().url, "HUBBUB_PREFIX": f"helm{free}"}
    with ExitStack() as nodes:
        for address in ADDRESSES:
            nodes.enter_context(serving(**settings, HUBBUB_HOST=address, HUBBUB_PORT=str(free)))
        yield free


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolve one name to all pods, as the cluster's DNS does."""
    real = socket.getaddrinfo

    def look_up(host: str, *rest: object, **options: object) -> object:
        if host != "chat-pods":
            return real(host, *rest, **options)  # type: ignore[arg-type]
        return [info for each in ADDRESSES for info in real(each, *rest, **options)]  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def cross(monkeypatch: pytest.MonkeyPatch, port: int, *more: str, room: str = "r") -> None:
    where = (f"--service=127.0.0.1:{port}", f"--pods=chat-pods:{port}", "--expected=2", f"--room={room}")
    monkeypatch.setattr(sys, "argv", ["crossing.py", *where, *more])
    runpy.run_path(str(FILES / "crossing.py"), run_name="__main__")


def test_a_message_crosses_from_pod_to_pod(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cross(monkeypatch, port, "--guests")
    output = capsys.readouterr().out
    assert f"pods: 127.0.0.1:{port}, 127.0.0.2:{port}" in output
    assert f"a message went from 127.0.0.2:{port} to 127.0.0.1:{port}" in output


def test_without_guests_the_test_sends_no_message(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cross(monkeypatch, port)
    assert "no message was sent" in capsys.readouterr().out


def test_a_refused_command_ends_the_test_with_a_sentence(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="join failed"):
        cross(monkeypatch, port, "--guests", room="no\x07room")


def wait_for(url: str, seconds: int) -> str:
    broker = "nats" if url.startswith("nats") else "redis"
    done = subprocess.run(
        [sys.executable, FILES / "wait_for.py", str(seconds)],
        env={"BROKER": broker, f"{broker.upper()}_URL": url},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:{}/0",
        "rediss://ann:p%40ss@127.0.0.1:{}?replicas=1",
        "redis+sentinel://:pass@127.0.0.1:1,127.0.0.1:{}/chat/0?tls=1",
        "redis+cluster://127.0.0.1:1,127.0.0.1:{}",
        "nats://ann:a,b@127.0.0.1:1,nats://ann:a,b@127.0.0.1:{}?replicas=3",
    ],
)
def test_a_pod_waits_until_its_broker_listens(url: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as broker:
        assert not wait_for(url.format(broker.getsockname()[1]), 60)


def test_an_unreachable_broker_is_named_and_left_to_the_node() -> None:
    output = wait_for("redis://:secret@127.0.0.1:1", 0)
    assert "127.0.0.1:1: " in output
    assert "the node will try to connect" in output
    assert "secret" not in output
    assert "is invalid" in wait_for("nats://127.0.0.1:none", 60)
