"""A line of input is text, a command, or invalid."""

import pytest

from hubbub_cli.slash_commands import TABLE, ChatText, InvalidCommand, SlashCommand, parse, table


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("hello", ChatText("hello")),
        ("  hello ", ChatText("  hello ")),
        ("//etc/hosts", ChatText("/etc/hosts")),
        ("/join dev", SlashCommand("join", "dev")),
        ("/JOIN  a room ", SlashCommand("join", "a room")),
        ("/leave", SlashCommand("leave", "")),
        ("/quit", SlashCommand("quit", "")),
        ("", None),
        ("   ", None),
    ],
)
def test_a_line_is_parsed(line: str, meaning: object) -> None:
    assert parse(line) == meaning


@pytest.mark.parametrize("line", ["/dance", "/", "/join", "/me  ", "/ join"])
def test_an_invalid_command_is_reported_and_not_sent(line: str) -> None:
    assert isinstance(parse(line), InvalidCommand)


def test_the_table_lists_every_command() -> None:
    assert all(any(line.startswith(f"/{name}") for line in table()) for name in TABLE)
