"""`search` and `rooms` read the HTTP API, with the token that `login` kept. Guests use the websocket."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import jwt
import pytest

from hubbub_client import Client
from tests.hubbub_cli.other_users import say
from tests.hubbub_cli.program import environment, run, start
from tests.hubbub_cli.screen import chat, enter, until
from tests.hubbub_cli.server import Server, serving
from tests.hubbub_cli.test_ndjson import VALIDATOR

KEY = "k" * 32


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = str(tmp_path_factory.mktemp("data"))
    settings = {"HUBBUB_AUTH": "tokens", "HUBBUB_TOKEN_KEY": KEY, "HUBBUB_DATA": data}
    with serving(ARCHIVE_URL="sqlite:///chat.sqlite", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def env(archived: Server) -> dict[str, str]:
    token = jwt.encode({"sub": "ann", "exp": time.time() + 600}, KEY, algorithm="HS256")
    return environment(CHAT_SERVER=archived.url, CHAT_TOKEN=token)


def found(output: str) -> list[str]:
    records = [json.loads(line) for line in output.splitlines()]
    for record in records:
        VALIDATOR.validate(record)
    return [record.get("text") or record["room"] for record in records]


def test_messages_are_found_newest_first(env: dict[str, str]) -> None:
    lines = "\n".join(f"build {number} failed" for number in range(25))
    run("send", "builds", "--send-on", "line", env=env, given=lines)
    run("send", "builds", "the last one", env=env)
    # Messages are indexed in the order in which they were stored.
    while not found(run("search", "last", "--json", env=env).stdout):
        pass
    newest = [f"build {number} failed" for number in range(24, -1, -1)]
    assert found(run("search", "build", "failed", "--json", env=env).stdout) == newest[:20]
    assert found(run("search", "build", "-n", "23", "--json", env=env).stdout) == newest[:23]
    (line,) = run("search", '"build 7 failed"', "in:builds", env=env).stdout.splitlines()
    assert line.endswith("[builds] ann: build 7 failed")


def test_open_rooms_are_listed(env: dict[str, str]) -> None:
    with start("kitchen", env=env, stdin=subprocess.PIPE) as chat:
        while "kitchen" not in found(run("rooms", "--json", env=env).stdout):
            pass
        assert "     1  kitchen\n" in run("rooms", env=env).stdout
        chat.kill()


def test_all_rooms_are_listed_with_their_last_messages(env: dict[str, str]) -> None:
    run("send", "cellar", "hello", env=env)
    run("send", "cellar-2", "hello", env=env)
    # Until the sender has left.
    while "cellar" in found(run("rooms", "--json", env=env).stdout):
        pass
    first, second = map(json.loads, run("directory", "cellar", "--json", env=env).stdout.splitlines())
    assert (first["room"], first["members"], first["offset"]) == ("cellar", 0, 1)
    assert abs(first["at"] / 1000 - time.time()) < 60
    assert second["room"] == "cellar-2"
    (line,) = run("directory", "cellar-", env=env).stdout.splitlines()
    assert line.split()[-1] == "cellar-2"


def test_a_guest_lists_the_rooms(server: Server, room: str) -> None:
    with start(f"{room}-guest-1", "-s", server.url, stdin=subprocess.PIPE) as chat:
        assert chat.stderr is not None
        chat.stderr.readline()
        listed = run("directory", f"{room}-guest", "-s", server.url, "--json")
        assert f"{room}-guest-1" in found(listed.stdout), listed.stderr
        assert f"     1  {room}-guest-1\n" in run("rooms", "-s", server.url).stdout
        chat.kill()


def test_rooms_with_unread_messages_are_listed(archived: Server, env: dict[str, str]) -> None:
    run("send", "loft", "first", env=env)
    token = jwt.encode({"sub": "bob", "exp": time.time() + 600}, KEY, algorithm="HS256")
    bob = environment(CHAT_SERVER=archived.url, CHAT_TOKEN=token)
    run("send", "loft", "mine", env=bob)
    # Short commands are listeners, who join no room for their user.
    assert "loft" not in found(run("unread", "--all", "--json", env=bob).stdout)
    marked = httpx.put(
        f"{archived.url}/api/rooms/loft/mark",
        json={"offset": 2},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert marked.status_code == 200
    assert "loft" in found(run("unread", "--all", "--json", env=bob).stdout)
    run("send", "loft", "second, @bob", env=env)
    # Until it is indexed.
    while "loft" not in found(run("unread", "--json", env=bob).stdout):
        pass
    (line,) = run("unread", env=bob).stdout.splitlines()
    assert line == "     1  loft  @1"


def test_failures_are_sentences(archived: Server, env: dict[str, str], tmp_path: Path) -> None:
    guest = run("search", "x", "-s", archived.url)
    assert (guest.returncode, "needs a token or an API key" in guest.stderr) == (4, True)
    wrong = tmp_path / "token"
    wrong.write_text("nonsense")
    refused = run("rooms", "-s", archived.url, "--token-file", str(wrong))
    assert (refused.returncode, "(try: hubbub-chat login)" in refused.stderr) == (4, True)
    invalid = run("search", "x" * 501, "--json", env=env)
    assert invalid.returncode == 5
    VALIDATOR.validate(json.loads(invalid.stderr))
    away = run("rooms", "-s", "ws://127.0.0.1:9", env=env)
    assert (away.returncode, "connection refused" in away.stderr) == (3, True)


@pytest.fixture(scope="module")
def for_guests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = str(tmp_path_factory.mktemp("guests"))
    with serving(ARCHIVE_URL="sqlite:///chat.sqlite", HUBBUB_DATA=data) as server:
        yield server


async def test_the_screen_shows_a_found_message_in_its_place(for_guests: Server, room: str) -> None:
    app, _ = chat(for_guests, room)
    async with Client(for_guests.url, name="bob") as bob:
        there = await bob.join(room)
        for number in range(30):
            await there.send(f"early {number}")
        await there.send("the build failed\nin two places")
        for number in range(90):
            await there.send(f"late {number}")
        # Messages are indexed in the order in which they were stored.
        while (page := await there.search('"late 89"')) is None or not page.messages:
            pass
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda screen: "late 89" in screen)
            await enter(pilot, "/search failed build")
            await until(pilot, lambda screen: "bob: the build failed …" in screen)
            await pilot.press("enter")
            screen = await until(pilot, lambda screen: "in two places" in screen)
            assert "early 29" in screen
            assert "late 0" in screen
            await enter(pilot, "/search nothing")
            await pilot.press("escape")
            await until(pilot, lambda screen: "Nothing found for 'nothing'." in screen)


async def test_further_results_are_a_choice(for_guests: Server, room: str) -> None:
    app, _ = chat(for_guests, room)
    async with Client(for_guests.url, name="bob") as bob:
        there = await bob.join(room)
        for number in range(60):
            await there.send(f"number {number} \x1b[31m")
        while (page := await there.search("59")) is None or not page.messages:
            pass
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda screen: "number 59" in screen)
        await enter(pilot, "/search number")
        await until(pilot, lambda screen: "bob: number 59 [31m" in screen and "Found in" in screen)
        await pilot.press(*"older", "enter")
        await until(pilot, lambda screen: "bob: number 39 [31m" in screen and "Found in" in screen)


def test_line_mode_searches_the_room(for_guests: Server, room: str) -> None:
    say(for_guests, room, "the build failed", "the last one")
    done = run(room, "--plain", "-s", for_guests.url, given="/search zebra\n")
    assert "-- Nothing found for 'zebra'." in done.stderr


async def test_a_server_without_archive_says_so(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with app.run_test(size=(120, 24)) as pilot:
        await until(pilot, lambda screen: "1 here: ann" in screen)
        await enter(pilot, "/search build")
        await until(pilot, lambda screen: "This server cannot search for 'build' now" in screen)
