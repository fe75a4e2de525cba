"""Messages are edited, deleted and reacted to, from scripts and on the screen."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.hubbub_cli.other_users import say
from tests.hubbub_cli.program import environment, run, start
from tests.hubbub_cli.screen import chat, enter, until
from tests.hubbub_cli.server import Server
from tests.hubbub_cli.test_ndjson import VALIDATOR


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a secret that lasts: only the author may change a message."""
    return environment(XDG_STATE_HOME=str(tmp_path))


def records(output: str) -> list[dict[str, object]]:
    found = [json.loads(line) for line in output.splitlines()]
    for record in found:
        VALIDATOR.validate(record)
    return found


def test_a_script_changes_its_messages(server: Server, room: str, env: dict[str, str]) -> None:
    here = ("-s", server.url, "--json")
    for text in ("one", "two"):
        run("send", room, text, *here, env=env)
    assert run("edit", room, "1", "better", *here, env=env).returncode == 0
    assert run("delete", room, "2", *here, env=env).returncode == 0
    run("react", room, "1", ":tada:", *here, env=env)
    run("react", room, "1", "👍", *here, env=env)
    run("react", room, "1", ":tada:", "--remove", *here, env=env)
    run("send", room, "reply", "--reply-to", "1", *here, env=env)
    first, second, reply = records(run("history", room, *here, env=env).stdout)
    assert (first["text"], first["reactions"], "edited" in first) == ("better", {"👍": ["ann"]}, True)
    assert (second["text"], "deleted" in second) == ("", True)
    assert reply["reply_to"] == 1
    lines = run("history", room, "-s", server.url, env=env).stdout.splitlines()
    assert [line[17:] for line in lines] == ["ann: better (edited)", "ann: (deleted)", "ann: reply"]


def test_a_thread_is_read(server: Server, room: str, env: dict[str, str]) -> None:
    here = ("-s", server.url)
    for text, to in (("root", ()), ("aside", ()), ("one", ("--reply-to", "1")), ("two", ("--reply-to", "3"))):
        run("send", room, text, *to, *here, env=env)
    root, one, two = records(run("history", room, "--thread", "1", "--json", *here, env=env).stdout)
    assert (root["text"], root["replies"], "thread" in root) == ("root", 2, False)
    assert [(each["text"], each["thread"]) for each in (one, two)] == [("one", 1), ("two", 1)]
    (last,) = run("history", room, "--thread", "1", "-n", "1", *here, env=env).stdout.splitlines()
    assert last.endswith("ann: two")
    both = run("history", room, "--thread", "1", "--since", "1", *here, env=env)
    assert (both.returncode, "can't be used together" in both.stderr) == (2, True)


def test_a_change_is_followed_and_resumed(
    server: Server, room: str, env: dict[str, str], tmp_path: Path
) -> None:
    here = ("-s", server.url)
    run("send", room, "one", *here, env=env)
    tail = ("tail", room, "--json", "--state", str(tmp_path / "state"), *here)
    following = start(*tail, "--count", "2")
    assert following.stdout is not None
    assert records(following.stdout.readline())[0]["text"] == "one"
    run("edit", room, "1", "better", *here, env=env)
    (change,) = records(following.communicate()[0])
    assert (change["type"], change["change"], change["target"], change["text"]) == (
        "change",
        "edit",
        1,
        "better",
    )
    run("react", room, "1", "👍", *here, env=env)
    (change,) = records(run(*tail, "--no-follow").stdout)
    assert (change["change"], change["emoji"]) == ("react", "👍")
    assert run(*tail, "--no-follow").stdout == ""


def test_rejections_are_sentences(server: Server, room: str, env: dict[str, str]) -> None:
    say(server, room, "of bob")
    refused = run("edit", room, "1", "mine", "-s", server.url, env=env)
    assert (refused.returncode, "is not yours" in refused.stderr) == (5, True)
    assert run("delete", room, "9", "-s", server.url, env=env).returncode == 5
    assert run("delete", room, "0", "-s", server.url, env=env).returncode == 2
    assert run("react", room, "1", "nope", "-s", server.url, env=env).returncode == 2
    assert run("edit", room, "1", "x", "--epoch", "other", "-s", server.url, env=env).returncode == 5


async def test_the_screen_replies_reacts_edits_and_deletes(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    await asyncio.to_thread(say, server, room, "a question")
    async with app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen and "a question" in screen)
        await enter(pilot, "/react :rocket:")
        await until(pilot, lambda screen: "🚀 1" in screen)
        await enter(pilot, "/react rocket")
        await until(pilot, lambda screen: "🚀 1" not in screen)
        await enter(pilot, "/reply an answer")
        await until(pilot, lambda screen: "↪ bob: a question" in screen and "ann an answer" in screen)
        await enter(pilot, "/edit")
        await until(pilot, lambda screen: "/edit an answer" in screen)
        await pilot.press(*"s", "enter")
        await until(pilot, lambda screen: "ann an answers (edited)" in screen)
        await enter(pilot, "/delete")
        await until(pilot, lambda screen: "(deleted)" in screen)
        await enter(pilot, "/delete")
        await until(pilot, lambda screen: "There is no message of yours to delete here." in screen)
        await pilot.press("alt+up", "alt+up")
        await enter(pilot, "/edit not mine")
        await until(pilot, lambda screen: "Not changed: " in screen)
