"""Complete the word before the cursor: names, rooms, emoji and commands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hubbub_cli import slash_commands
from hubbub_cli.tui.emoji import EMOJI


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What can be completed to."""

    names: Sequence[str] = ()
    rooms: Sequence[str] = ()
    commands: Sequence[str] = field(default=tuple(slash_commands.TABLE))


@dataclass(frozen=True, slots=True)
class Completion:
    """The candidates for the text from `start` to the cursor, best first."""

    start: int
    candidates: tuple[str, ...]


def complete(text: str, vocabulary: Vocabulary) -> Completion:
    """Complete the end of a line up to the cursor."""
    start = max(text.rfind(" "), text.rfind("\n")) + 1
    word = text[start:]
    return Completion(start, tuple(_candidates(word, first=start == 0, line=text, vocabulary=vocabulary)))


def _candidates(word: str, *, first: bool, line: str, vocabulary: Vocabulary) -> Iterable[str]:
    if line.startswith(("/join ", "/leave ")):
        return _matching(word, vocabulary.rooms)
    if word.startswith("/") and first:
        return [f"/{name} " for name in _matching(word[1:], vocabulary.commands)]
    if word.startswith("#"):
        return [f"{name} " for name in _matching(word[1:], vocabulary.rooms)]
    if word.startswith(":"):
        return [f"{EMOJI[name]} " for name in _matching(word[1:].rstrip(":"), sorted(EMOJI))]
    if word.startswith("@"):
        return [f"@{name} " for name in _matching(word[1:], vocabulary.names)]
    return [f"{name}{':' * first} " for name in _matching(word, vocabulary.names)] if word else []


def _matching(beginning: str, words: Iterable[str]) -> list[str]:
    folded = beginning.casefold()
    return [word for word in words if word.casefold().startswith(folded)]
