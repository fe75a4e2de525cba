"""Slash commands: one table for what is understood, for the help, and for both ways to chat."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Say:
    """Text for the room."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command that is in the table, and what stood behind it."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """No command of ours, or one that lacks its argument; `why` is a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table. An `argument` in brackets may be left out."""

    argument: str
    does: str


TABLE: Final = {
    "join": Entry("ROOM", "come into a room, or go to it"),
    "leave": Entry("[ROOM]", "go out of a room, this one by default"),
    "who": Entry("", "say who is here"),
    "me": Entry("TEXT", "say what you do"),
    "nick": Entry("", "say how to chat under another name"),
    "help": Entry("", "show this"),
    "quit": Entry("", "leave everything"),
}
NICK: Final = "A name holds as long as the connection: quit, and start again with --name NAME."


def parse(line: str) -> Say | Command | Wrong | None:
    """Understand a line that somebody typed; None if there's nothing in it. `//` begins a literal slash."""
    if not line.strip():
        return None
    if not line.startswith("/") or line.startswith("//"):
        return Say(line.removeprefix("/") if line.startswith("//") else line)
    name, _, argument = line[1:].partition(" ")
    entry = TABLE.get(name.lower())
    if entry is None:
        return Wrong(
            f"There is no /{name}. /help lists the commands; a line that begins with // says a slash."
        )
    if entry.argument and not entry.argument.startswith("[") and not argument.strip():
        return Wrong(f"/{name} needs more: /{name} {entry.argument}")
    return Command(name.lower(), argument.strip())


def table() -> list[str]:
    """Give the table in lines."""
    lines = [(f"/{name} {entry.argument}".rstrip(), entry.does) for name, entry in TABLE.items()]
    return [
        f"{usage:16}{does}" for usage, does in [*lines, ("//text", "say something that begins with a slash")]
    ]
