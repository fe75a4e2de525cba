"""Slash commands: one table for what is understood, for the help, and for both ways to chat."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Text:
    """Text for the room."""

    text: str


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A command that is in the table, and what stood behind it."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class InvalidCommand:
    """No command of ours, or one that lacks its argument; `why` is a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """A line of the table. An `argument` in brackets may be left out."""

    argument: str
    does: str


TABLE: Final = {
    "join": CommandHelp("ROOM", "come into a room, or go to it"),
    "leave": CommandHelp("[ROOM]", "go out of a room, this one by default"),
    "who": CommandHelp("", "say who is here"),
    "me": CommandHelp("TEXT", "say what you do"),
    "nick": CommandHelp("", "say how to chat under another name"),
    "help": CommandHelp("", "show this"),
    "quit": CommandHelp("", "leave everything"),
}
NICK: Final = "A name holds as long as the connection: quit, and start again with --name NAME."


def parse(line: str) -> Text | SlashCommand | InvalidCommand | None:
    """Understand a line that somebody typed; None if there's nothing in it. `//` is a literal slash."""
    if not line.strip():
        return None
    if not line.startswith("/") or line.startswith("//"):
        return Text(line.removeprefix("/") if line.startswith("//") else line)
    name, _, argument = line[1:].partition(" ")
    entry = TABLE.get(name.lower())
    if entry is None:
        return InvalidCommand(
            f"There is no /{name}. /help lists the commands; start a line with // for a literal slash."
        )
    if entry.argument and not entry.argument.startswith("[") and not argument.strip():
        return InvalidCommand(f"/{name} needs more: /{name} {entry.argument}")
    return SlashCommand(name.lower(), argument.strip())


def table() -> list[str]:
    """Give the table in lines."""
    lines = [(f"/{name} {entry.argument}".rstrip(), entry.does) for name, entry in TABLE.items()]
    return [
        f"{usage:16}{does}" for usage, does in [*lines, ("//text", "say something that begins with a slash")]
    ]
