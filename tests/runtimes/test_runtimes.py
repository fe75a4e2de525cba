"""The TypeScript SDK in JavaScript runtimes other than Node.js: connect, send, receive, close."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from hubbub_client.events import Message
from hubbub_client.sync import SyncClient
from tests.hubbub_cli.server import ROOT, serving

HERE: Final = Path(__file__).parent
INSTALLED: Final = HERE / "packages" / "node_modules" / ".bin"
COMPILER: Final = ROOT / "clients" / "node_modules" / ".bin" / "tsc"
RUNTIMES: Final = {
    "bun": ("bun", "run"),
    "deno": ("deno", "run", "--no-config", "--allow-net", "--allow-read"),
}
# Seconds until the program has ended.
PATIENCE: Final = 50


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    """Build the SDK; return its entry."""
    if not INSTALLED.is_dir() or not COMPILER.exists() or shutil.which("node") is None:
        message = "needs the packages of tests/runtimes/packages and clients: make test installs them"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    project = ROOT / "clients" / "js" / "tsconfig.build.json"
    subprocess.run([COMPILER, "--project", project, "--outDir", tmp_path], check=True)
    return tmp_path / "index.js"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_program_sends_and_receives(runtime: str, sdk: Path) -> None:
    name, *options = RUNTIMES[runtime]
    with serving() as server, SyncClient(server.url, name="bob") as bob:
        room = bob.join("lobby")
        command = [str(INSTALLED / name), *options, str(HERE / "application.mjs"), str(sdk), server.url]
        environment = {"PATH": os.environ["PATH"], "HOME": str(sdk.parent)}
        program = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            heard = (event for event in room.events(timeout=PATIENCE) if isinstance(event, Message))
            assert next(heard).text == "hello"
            room.send("welcome")
            printed, errors = program.communicate(timeout=PATIENCE)
        finally:
            program.kill()
    assert (printed.splitlines(), errors) == (["stored 1", "bob: welcome", "hello, welcome"], "")
