"""`who` lists the members of a room, without connections that only read, or send one message."""

import json
import signal

from websockets.sync.client import connect

from tests.e2e.backbones import backbone, until_ready_says
from tests.hubbub_cli.program import run, start
from tests.hubbub_cli.server import Server, serving


def test_members_are_listed(server: Server, room: str) -> None:
    assert run("who", room, "-s", server.url).stdout == ""
    chat = start(room, "--plain", "-s", server.url, "--name", "bob", stdin=-1)
    assert chat.stderr is not None
    assert chat.stderr.readline() == f"-- joined {room} as bob; 1 here: bob\n"
    assert run("who", room, "-s", server.url).stdout == "bob\n"
    answer = json.loads(run("who", room, "-s", server.url, "--json").stdout)
    assert answer == {"v": 1, "type": "members", "room": room, "count": 1, "names": ["bob"], "away": []}
    for command in (["send", room, "hello"], ["open", room, "--plain"]):
        taken = run(*command, "-s", server.url, "--name", "Bob")
        assert (taken.returncode, taken.stderr) == (
            5,
            "hubbub-chat: the name Bob is in use; Bob2 is free: --name Bob2\n",
        )
    tail = start("tail", room, "-s", server.url, "--name", "tail")
    assert run("send", room, "hello", "-s", server.url, "--name", "script").returncode == 0
    assert tail.stdout is not None
    assert tail.stdout.readline().endswith(" script: hello\n")
    assert run("who", room, "-s", server.url, "--name", "who").stdout == "bob\n"
    tail.kill()
    tail.communicate(timeout=20)
    out, errors = chat.communicate("", timeout=20)
    assert "script" in out
    assert errors == ""
    assert chat.returncode == 0


def test_an_invalid_room_name_is_rejected(server: Server) -> None:
    done = run("who", "x" * 201, "-s", server.url)
    assert (done.returncode, done.stderr) == (
        2,
        "hubbub-chat: invalid room name: it is longer than 200 bytes\n",
    )


async def test_a_restarting_server_is_reported_as_such() -> None:
    # A connection of the plain codec cannot receive `drain`, so it stays until the shutdown ends.
    with (
        backbone("redis") as (_, settings),
        serving(HUBBUB_DRAIN_SECONDS="60", **settings) as leaving,
        connect(f"{leaving.url}/ws?room=lobby&name=stone"),
    ):
        leaving.signal(signal.SIGTERM)
        await until_ready_says(leaving.port, 503)
        done = run("who", "lobby", "-s", leaving.url)
        leaving.kill()
    assert done.returncode == 3
    reason = "the server is restarting (try: hubbub-chat doctor)"
    assert done.stderr == f"hubbub-chat: cannot connect to {leaving.url}/ws: {reason}\n"
