"""The proxy configurations of the documentation: real programs, two real nodes, real websockets."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.contract.redis_server import shared_redis
from tests.hubbub_cli.server import Server, serving
from tests.image.dockerfile import ROOT

PROXIES = {"haproxy": "haproxy.cfg", "nginx": "nginx.conf"}
EVIL = Origin("http://evil.example")
COMMANDS = {"haproxy": ("-f", "{file}", "-db"), "nginx": ("-c", "{file}", "-g", "daemon off;")}


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def proxy(name: str, nodes: list[Server], folder: Path) -> Iterator[str]:
    """Run a proxy with its documented configuration; only addresses and files are replaced."""
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if program is None:
        pytest.skip(f"there is no {name} on this machine")
    port = free_port()
    text = (ROOT / "docs" / "proxies" / PROXIES[name]).read_text(encoding="utf-8")
    for number, node in enumerate(nodes, 1):
        text = text.replace(f"node-{number}:8000", f"127.0.0.1:{node.port}")
    text = text.replace("bind :8000", f"bind 127.0.0.1:{port}").replace(
        "listen 8000", f"listen 127.0.0.1:{port}"
    )
    text = text.replace("/tmp/nginx.pid", str(folder / "pid"))  # noqa: S108 - the path in a container
    file = folder / PROXIES[name]
    file.write_text(text, encoding="utf-8")
    with (folder / "log").open("w") as log:
        command = [program, *(part.format(file=file) for part in COMMANDS[name])]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until_reachable(f"http://127.0.0.1:{port}", process)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def until_reachable(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            if httpx.get(f"{url}/", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
    pytest.fail("the proxy ended")


@pytest.fixture(params=PROXIES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def nodes() -> Iterator[list[Server]]:
    with ExitStack() as stack:
        settings = {
            "BROKER": "redis",
            "REDIS_URL": shared_redis().url,
            "HUBBUB_PREFIX": f"proxy{free_port()}",
        }
        yield [stack.enter_context(serving(**settings)) for _ in range(2)]


def send_between_nodes(at: str) -> None:
    """Connect twice, so that `least connections` uses both nodes, and send a message across."""
    address = f"ws://{at}/ws?room=lobby&name="
    with connect(address + "ann", proxy=None) as ann, connect(address + "bob", proxy=None) as bob:
        bob.send("here")
        assert "here" in str(bob.recv(timeout=20)), "a sender receives its own message once it is in the room"
        ann.send("hello")
        assert "hello" in str(bob.recv(timeout=20))


@pytest.mark.timeout(120)
def test_clients_chat_through_the_proxy_and_internal_endpoints_are_hidden(
    name: str, nodes: list[Server], tmp_path: Path
) -> None:
    with proxy(name, nodes, tmp_path) as at:
        send_between_nodes(at)
        for path in ("metrics", "metrics/", "%6detrics", "health/ready", "health/ready/"):
            assert httpx.get(f"http://{at}/{path}", timeout=20).status_code == httpx.codes.NOT_FOUND, path


@pytest.mark.timeout(120)
def test_page_websocket_and_api_work_below_a_prefix(name: str, nodes: list[Server], tmp_path: Path) -> None:
    with proxy(name, nodes, tmp_path) as at:
        send_between_nodes(f"{at}/chat")
        base = f"http://{at}/chat"
        assert httpx.get(f"{base}/", timeout=20).status_code == httpx.codes.OK
        assert httpx.get(base, timeout=20, follow_redirects=True).url.path == "/chat/"
        assert httpx.get(f"{base}/api/rooms", timeout=20).status_code == httpx.codes.UNAUTHORIZED
        for path in ("metrics", "health/ready"):
            assert httpx.get(f"{base}/{path}", timeout=20).status_code == httpx.codes.NOT_FOUND


@pytest.mark.timeout(120)
def test_large_cookies_pass_the_proxy(name: str, nodes: list[Server], tmp_path: Path) -> None:
    cookies = {"Cookie": f"sso={'x' * 9_000}"}
    with proxy(name, nodes, tmp_path) as at:
        assert httpx.get(f"http://{at}/", headers=cookies, timeout=20).status_code == httpx.codes.OK
        with connect(f"ws://{at}/ws?room=lobby&name=ann", proxy=None, additional_headers=cookies) as ann:
            ann.send("hello")
            assert "hello" in str(ann.recv(timeout=20))


@pytest.mark.timeout(120)
def test_when_a_node_dies_clients_connect_to_the_other(
    name: str, nodes: list[Server], tmp_path: Path
) -> None:
    with proxy(name, nodes, tmp_path) as at:
        nodes[0].kill()
        for _ in range(8):  # the proxy retries at the other node
            with connect(f"ws://{at}/ws?room=lobby&name=ann", proxy=None) as ann:
                ann.send("hello")
                assert "hello" in str(ann.recv(timeout=20))


@pytest.mark.timeout(120)
def test_a_page_of_another_host_is_rejected_through_the_proxy(
    name: str, nodes: list[Server], tmp_path: Path
) -> None:
    with proxy(name, nodes, tmp_path) as at:
        with connect(f"ws://{at}/ws?room=lobby&name=ann", proxy=None, origin=Origin(f"http://{at}")) as ann:
            ann.send("the proxy passes the Host header on")
        with (
            connect(f"ws://{at}/ws?room=lobby&name=eve", proxy=None, origin=EVIL) as eve,
            pytest.raises(ConnectionClosed),
        ):
            eve.recv(timeout=20)
