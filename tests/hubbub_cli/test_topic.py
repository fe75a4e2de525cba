"""The topic of a room is printed and set: from scripts, and on the screen."""

from __future__ import annotations

import json

import jwt

from tests.hubbub_cli.program import environment, run
from tests.hubbub_cli.screen import chat, enter, until
from tests.hubbub_cli.server import Server, serving
from tests.hubbub_cli.test_ndjson import VALIDATOR

SECRET = "a secret of more than 32 bytes, for tests"


def test_a_moderator_sets_the_topic(room: str) -> None:
    claims = {"sub": "ann", "exp": 4_000_000_000, "rooms.moderate": [room]}
    env = environment(CHAT_TOKEN=jwt.encode(claims, SECRET, algorithm="HS256"))
    with serving(HUBBUB_AUTH="tokens", HUBBUB_TOKEN_KEY=SECRET) as strict:
        here = ("-s", strict.url)
        before = run("topic", room, *here, env=env)
        assert (before.returncode, before.stdout, before.stderr) == (0, "", "-- the room has no topic\n")
        done = run("topic", room, "two\nlines", *here, env=env)
        assert (done.returncode, "it must be one line" in done.stderr) == (5, True)
        assert run("topic", room, "tea", "and\x1b[2J cake", *here, env=env).returncode == 0
        assert run("topic", room, *here, env=env).stdout == "tea and[2J cake\n"
        record = json.loads(run("topic", room, "--remove", *here, "--json", env=env).stdout)
        VALIDATOR.validate(record)
        assert record == {"v": 1, "type": "topic", "room": room, "topic": None}


def test_a_text_is_not_removed() -> None:
    done = run("topic", "lobby", "tea", "--remove")
    assert (done.returncode, "Give either a text or --remove." in done.stderr) == (2, True)


async def test_the_screen_shows_the_topic_and_why_it_is_not_set(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "1 here" in screen)
        await enter(pilot, "/topic")
        await until(pilot, lambda screen: "This room has no topic." in screen)
        await enter(pilot, "/topic tea")
        await until(pilot, lambda screen: "moderators may set it" in screen)
