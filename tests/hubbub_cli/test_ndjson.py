"""Every line of --json is a record of the schema that the package holds."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.hubbub_cli.other_users import say
from tests.hubbub_cli.program import run
from tests.hubbub_cli.server import Server

SCHEMA = json.loads(files("hubbub_cli").joinpath("ndjson.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "arguments",
    [
        ("send", "{room}", "hello", "--json"),
        ("tail", "{room}", "--no-follow", "--json"),
        ("history", "{room}", "--json"),
        ("who", "{room}", "--json"),
        ("whoami", "--json"),
        ("bench", "--members", "2", "--seconds", "0.2", "--json"),
        ("doctor", "--json"),
        ("send", "{room}", " ", "--json"),
    ],
)
def test_each_command_prints_records(server: Server, room: str, arguments: tuple[str, ...]) -> None:
    say(server, room, "one")
    done = run(*(argument.format(room=room) for argument in arguments), "-s", server.url)
    lines = (done.stdout + done.stderr).splitlines()
    assert lines
    for line in lines:
        VALIDATOR.validate(json.loads(line))


def test_a_gap_and_presence_are_records() -> None:
    for record in (
        {"v": 1, "type": "gap", "room": "a"},
        {
            "v": 1,
            "type": "presence",
            "room": "a",
            "count": 1,
            "joined": ["ann"],
            "left": [],
            "away": [],
            "back": [],
        },
    ):
        VALIDATOR.validate(record)
    assert Path(str(files("hubbub_cli"))).joinpath("ndjson.schema.json").exists()
