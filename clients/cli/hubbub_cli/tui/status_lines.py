"""The lines around the log: the rooms, who is here, who types, the connection. Text in, content out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from textual.content import Content

from hubbub_cli.sanitize import sanitize

_MOST_TYPISTS: Final = 3
_NAME: Final = "bold $accent"
_PALE: Final = "$secondary"


@dataclass(frozen=True, slots=True)
class Tab:
    """A room in the bar."""

    name: str
    active: bool
    unread: int = 0


def rooms_line(tabs: Sequence[Tab]) -> Content:
    """Name the rooms, and how much is unread in each."""
    parts: list[tuple[str, str] | str] = [(" hubbub ", "bold $background on $accent"), " "]
    for tab in tabs:
        parts.append((f" {sanitize(tab.name)} ", "bold $foreground on $primary 30%" if tab.active else _PALE))
        if tab.unread:
            parts.append((f"{min(tab.unread, 999)} ", "bold $warning"))
    return Content.assemble(*parts)


def here_line(names: Sequence[str], count: int, me: str, width: int) -> Content:
    """Name as many as fit, oneself first; say how many others there are."""
    if not count:
        return Content("")
    ordered = [name for name in names if name == me] + [name for name in names if name != me]
    head = f" {count} here: "
    shown: list[str] = []
    room = width - cell_len(head) - len(f" and {count} others ")
    for name in map(sanitize, ordered):
        room -= cell_len(name) + 2
        if room < 0 and shown:
            break
        shown.append(name)
    rest = count - len(shown)
    tail = f" and {rest} more" if rest > 0 else ""
    return Content.assemble((head, _PALE), (", ".join(shown), "$foreground"), (tail, _PALE))


def typing_words(names: Sequence[str]) -> str:
    """Say who is typing, for a line of its own; empty if nobody is."""
    shown = [sanitize(name) for name in names[:_MOST_TYPISTS]]
    if not shown:
        return ""
    if len(names) > _MOST_TYPISTS:
        return "several people are typing…"
    head, last = ", ".join(shown[:-1]), shown[-1]
    return f"{head} and {last} are typing…" if head else f"{last} is typing…"


def below_line(unseen: int, typists: Sequence[str]) -> Content:
    """Show what is below the view, or who is typing."""
    if unseen:
        words = f"{unseen} new message{'s' if unseen > 1 else ''} below"
        return Content.assemble((f" ↓ {words}", "bold $warning"), ("  End goes there", _PALE))
    return Content.assemble((f" {typing_words(typists)}", f"italic {_PALE}"))


def connection_line(dot: str, words: str, hints: Iterable[tuple[str, str]], width: int) -> Content:
    """Show the connection's state at the left, and the keys at the right as far as they fit."""
    left = Content.assemble((" ● ", dot), words)
    right: list[tuple[str, str]] = []
    room = width - left.cell_length - 2
    for key, does in hints:
        room -= cell_len(key) + cell_len(does) + 3
        if room < 0:
            break
        right += [(f"  {key}", _NAME), (f" {does}", _PALE)]
    keys = Content.assemble(*right)
    return Content.assemble(left, " " * max(1, width - left.cell_length - keys.cell_length - 1), keys)
