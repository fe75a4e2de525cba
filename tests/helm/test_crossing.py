"""What `helm test` and a waiting pod run does what it says, on real nodes."""

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
    """Know the pods by one name, as the cluster's DNS does."""
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
    told = capsys.readouterr().out
    assert f"pods: 127.0.0.1:{port}, 127.0.0.2:{port}" in told
    assert f"a message went from 127.0.0.2:{port} to 127.0.0.1:{port}" in told


def test_where_guests_are_not_let_in_it_says_that_nothing_was_sent(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cross(monkeypatch, port)
    assert "no message was sent" in capsys.readouterr().out


def test_a_refusal_ends_it_with_a_sentence(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="join was refused"):
        cross(monkeypatch, port, "--guests", room="no\x07room")


def test_a_pod_waits_until_its_broker_listens() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as broker:
        port = broker.getsockname()[1]
        done = subprocess.run(
            [sys.executable, FILES / "wait_for.py", "127.0.0.1", str(port)], check=False, timeout=20
        )
    assert done.returncode == 0
