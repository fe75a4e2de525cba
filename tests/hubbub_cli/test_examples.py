"""The examples of the Python SDK run as they stand, against real servers."""

import asyncio
import os
import shlex
import subprocess
import sys
from pathlib import Path

import httpx

from tests.hubbub_cli.other_users import history, say, wait_for_member, wait_for_messages
from tests.hubbub_cli.program import LIMIT, environment
from tests.hubbub_cli.server import ROOT, Server, serving

EXAMPLES = ROOT / "clients" / "python" / "examples"


def example(name: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE)


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=LIMIT)


def test_the_bot_rolls_dice(server: Server, room: str) -> None:
    bot = example("bot.py", server.url, room)
    wait_for_member(server, room, "dice")
    say(server, room, "!roll 1")
    assert wait_for_messages(server, room, 2)[1] == "bob: 1 of 1"
    stop(bot)


def test_the_bridge_carries_messages_both_ways(server: Server, room: str) -> None:
    with serving() as other:
        bridge = example("bridge.py", server.url, other.url, room)
        wait_for_member(server, room, "bridge")
        wait_for_member(other, room, "bridge")
        say(server, room, "from the first")
        assert wait_for_messages(other, room, 1) == ["<bob> from the first"]
        say(other, room, "from the second", name="cem")
        assert wait_for_messages(server, room, 2)[1] == "<cem> from the second"
        stop(bridge)


def test_the_alert_reports_a_failure_once(server: Server, room: str, tmp_path: Path) -> None:
    program = tmp_path / "hubbub-chat"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m hubbub_cli "$@"\n')
    program.chmod(0o755)
    env = environment(CHAT_SERVER=server.url, XDG_STATE_HOME=str(tmp_path))
    env["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
    script = str(EXAMPLES / "alert.sh")
    for command in (["true"], ["ls", "/missing"], ["ls", "/missing"]):
        done = subprocess.run(["sh", script, room, *command], env=env, cwd=ROOT, check=False, timeout=LIMIT)
        assert (done.returncode == 0) == (command == ["true"])
    (text,) = history(server, room)
    assert text.startswith("ls failed with code ")


async def test_the_app_posts_each_request_once(server: Server, room: str) -> None:
    with serving() as unused:
        port = unused.port
    app = example("sanic_app.py", server.url, room, str(port))
    headers = {"Idempotency-Key": "disk-1"}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            first = await until_served(http, headers)
            again = await http.post("/alerts", content="the disk is full", headers=headers)
            refused = await http.post("/alerts", content=" ")
    finally:
        await asyncio.to_thread(stop, app)
    assert (first.status_code, first.json()["duplicate"], again.json()["duplicate"]) == (201, False, True)
    assert (refused.status_code, refused.json()["error"]) == (422, "empty")
    assert await asyncio.to_thread(history, server, room) == ["the disk is full"]


async def until_served(http: httpx.AsyncClient, headers: dict[str, str]) -> httpx.Response:
    """Post as soon as the app listens."""
    async with asyncio.timeout(LIMIT):
        while True:
            try:
                return await http.post("/alerts", content="the disk is full", headers=headers)
            except httpx.ConnectError:
                await asyncio.sleep(0)


def test_the_watcher_prints_a_room_without_asyncio(server: Server, room: str) -> None:
    say(server, room, "hello")
    watcher = example("watch.py", server.url, room)
    assert watcher.stdout is not None
    assert watcher.stdout.readline() == "bob: hello\n"
    stop(watcher)
