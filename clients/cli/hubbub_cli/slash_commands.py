"""Slash commands: one table for the parser and the help of both user interfaces."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ChatText:
    """Text to send to the room."""

    text: str


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A command of the table, and its argument."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class InvalidCommand:
    """An unknown command, or one without its argument; `why` is the explanation."""

    why: str


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """A line of the table. An `argument` in brackets is optional."""

    argument: str
    does: str


TABLE: Final = {
    "join": CommandHelp("ROOM", "join a room, or switch to it"),
    "leave": CommandHelp("[ROOM]", "leave a room, by default the current one"),
    "rooms": CommandHelp("[NAME]", "list rooms to join"),
    "who": CommandHelp("", "list the members"),
    "me": CommandHelp("TEXT", "send an action"),
    "reply": CommandHelp("TEXT", "reply to the selected or the last message"),
    "thread": CommandHelp("", "open the thread of a message; again to leave it"),
    "react": CommandHelp("EMOJI", "react to it; again to take it back"),
    "edit": CommandHelp("[TEXT]", "edit the selected or your last message"),
    "delete": CommandHelp("", "delete the selected or your last message"),
    "search": CommandHelp("WORDS", "find messages of this room"),
    "topic": CommandHelp("[TEXT]", "show the topic, or set it; - removes it"),
    "file": CommandHelp("PATH", "send a file"),
    "download": CommandHelp("[FOLDER]", "save the files of the selected or the last message"),
    "away": CommandHelp("", "show others that you are away, until /back"),
    "back": CommandHelp("", "show others that you are here again"),
    "mute": CommandHelp("", "count this room no longer, or again"),
    "retry": CommandHelp("", "send your rejected messages again"),
    "discard": CommandHelp("", "drop your rejected messages"),
    "nick": CommandHelp("", "explain how to change your name"),
    "help": CommandHelp("", "show this help"),
    "quit": CommandHelp("", "leave all rooms and quit"),
}
NICK: Final = "Your name cannot change while you are connected: quit, and start again with --name NAME."


def parse(line: str) -> ChatText | SlashCommand | InvalidCommand | None:
    """Parse a line of input; None if it is empty. A leading `//` is a literal slash."""
    if not line.strip():
        return None
    if not line.startswith("/") or line.startswith("//"):
        return ChatText(line.removeprefix("/") if line.startswith("//") else line)
    name, _, argument = line[1:].partition(" ")
    entry = TABLE.get(name.lower())
    if entry is None:
        return InvalidCommand(
            f"Unknown command /{name}. /help lists the commands; start a line with // for a literal slash."
        )
    if entry.argument and not entry.argument.startswith("[") and not argument.strip():
        return InvalidCommand(f"/{name} requires an argument: /{name} {entry.argument}")
    return SlashCommand(name.lower(), argument.strip())


def rows() -> list[tuple[str, str]]:
    """Return the table: how each command is written, and what it does."""
    commands = [(f"/{name} {entry.argument}".rstrip(), entry.does) for name, entry in TABLE.items()]
    return [*commands, ("//text", "send a message that starts with a slash")]


def table() -> list[str]:
    """Return the table as lines."""
    return [f"{usage:20}{does}" for usage, does in rows()]
