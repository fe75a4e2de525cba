"""`make dev`: what is edited is served at once, and nothing of it is left running."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

ROOT: Final = Path(__file__).parents[2]
COPIED: Final = ("service", "brokers", "archive", "clients", "scripts")
VERSION: Final = "service/__init__.py"
STYLES: Final = "clients/web/src/styles/base.css"
NODE_SERVES: Final = r"hubbub (\S+) is running"

pytestmark = pytest.mark.timeout(120)


@dataclass(slots=True)
class Dev:
    """A started `make dev`, in a copy of the checkout."""

    folder: Path
    process: subprocess.Popen[str]
    node: int
    page: int

    def until(self, pattern: str) -> str:
        """Read what it prints until a line matches; return the first group."""
        assert self.process.stdout
        for line in self.process.stdout:
            if found := re.search(pattern, line):
                return found[1] if found.groups() else found[0]
        raise AssertionError(f"it ended before {pattern!r}")

    def rest(self) -> str:
        """Read to the end, which comes when no process that it started is left."""
        assert self.process.stdout
        return self.process.stdout.read()

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file in one step: one that is emptied and then written may count as two changes."""
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.with_suffix(".new").write_text(text.replace(old, new), encoding="utf-8")
        file.with_suffix(".new").replace(file)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://localhost:{self.page}{path}", timeout=30)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the sources; what is installed is shared, so nothing is set up."""
    modules = [*(ROOT / "clients").glob("node_modules"), *(ROOT / "clients").glob("*/node_modules")]
    if not modules:
        message = "needs the packages of the web client: scripts/web.sh install"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    folder = tmp_path_factory.mktemp("checkout")
    git = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        *COPIED,
    ]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for path in listed:
        if (ROOT / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    for shared in (ROOT / ".venv", *modules):
        (folder / shared.relative_to(ROOT)).symlink_to(shared)
    for script in ("setup.sh", "web.sh"):
        (folder / "scripts" / script).write_text("#!/bin/sh\n", encoding="utf-8")
    return folder


@contextmanager
def started(folder: Path, *command: str, **settings: str) -> Iterator[Dev]:
    node, page = free_port(), free_port()
    environment = {"PATH": os.environ["PATH"], "HUBBUB_PORT": str(node), "DEV_PORT": str(page), **settings}
    with subprocess.Popen(
        command or ["scripts/dev.sh"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        dev = Dev(folder, process, node, page)
        try:
            yield dev
        finally:
            process.terminate()
            dev.rest()


@pytest.fixture(scope="module")
def dev(checkout: Path) -> Iterator[Dev]:
    with started(checkout) as dev:
        for _ in range(2):  # in any order
            dev.until(rf"{NODE_SERVES}|VITE .* ready")
        yield dev


def test_a_change_of_python_restarts_the_node(dev: Dev) -> None:
    before = dev.get("/health/live").json()["version"]
    dev.edit(VERSION, before, "9.9.9")
    assert dev.until(r"(\S+) changed: restarting the node") == VERSION
    assert dev.until(NODE_SERVES) == "9.9.9"
    assert dev.get("/health/live").json()["version"] == "9.9.9", "the page's server passes it on"
    dev.edit(VERSION, "9.9.9", before)
    assert dev.until(NODE_SERVES) == before


def test_a_syntax_error_is_survived_and_the_next_change_repairs_it(dev: Dev) -> None:
    dev.edit(VERSION, "__version__ =", "__version__ :=")
    dev.until("the node ended with exit code 1; it restarts on the next change")
    dev.edit(VERSION, "__version__ :=", "__version__ =")
    dev.until(NODE_SERVES)


def test_the_page_is_served_from_its_sources_and_reloads_what_changes(dev: Dev) -> None:
    assert "/@vite/client" in dev.get("/").text
    assert "javascript" in dev.get(f"/{STYLES.removeprefix('clients/web/')}?import").headers["content-type"]
    token = re.search(r'wsToken = "([^"]+)"', dev.get("/@vite/client").text)
    assert token
    url = f"ws://localhost:{dev.page}/?token={token[1]}"
    with connect(url, proxy=None, subprotocols=[Subprotocol("vite-hmr")]) as updates:
        assert json.loads(updates.recv(30)) == {"type": "connected"}
        dev.edit(STYLES, "{", "{ /* changed */")
        [update] = json.loads(updates.recv(30))["updates"]
        assert STYLES.endswith(update["path"].removeprefix("/"))


def test_the_page_reaches_the_node_by_its_own_address(dev: Dev) -> None:
    url = f"ws://localhost:{dev.page}/ws?room=lobby&name=ann"
    with connect(url, proxy=None, origin=Origin(f"http://localhost:{dev.page}")) as ann:
        ann.send("hello")
        assert "hello" in str(ann.recv(30))
    assert dev.get("/api/rooms").status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_and_a_closed_terminal_end_both(checkout: Path, number: signal.Signals) -> None:
    with started(checkout) as dev:
        for _ in range(2):
            dev.until(rf"{NODE_SERVES}|VITE .* ready")
        dev.process.send_signal(number)
        dev.rest()
        assert dev.process.wait() == 0


def test_the_end_of_the_pages_server_ends_the_node(checkout: Path) -> None:
    with started(checkout, sys.executable, "scripts/dev.py", "sh", "-c", "exit 3") as dev:
        assert "the page's server ended with exit code 3" in dev.rest()
        assert dev.process.wait() == 3


def test_a_wrong_setting_of_the_node_ends_the_pages_server(checkout: Path) -> None:
    command = (sys.executable, "scripts/dev.py", "sleep", "1000")
    with started(checkout, *command, HUBBUB_LOG_LEVEL="loud") as dev:
        assert "HUBBUB_LOG_LEVEL" in dev.rest()
        assert dev.process.wait() == 2


def test_a_port_that_is_taken_is_reported_before_anything_starts(checkout: Path) -> None:
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as taken,
        started(checkout, HUBBUB_PORT=str(taken.getsockname()[1])) as dev,
    ):
        assert f"port {taken.getsockname()[1]} is taken" in dev.rest()
        assert dev.process.wait() == 1
