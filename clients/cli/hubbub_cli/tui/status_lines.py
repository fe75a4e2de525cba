"""The lines around the log: rooms, members, typing users and the connection."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from textual.content import Content

from hubbub_cli.sanitize import sanitize

_MOST_TYPISTS: Final = 3
_NAME: Final = "bold $accent"
_DIM: Final = "$secondary"


@dataclass(frozen=True, slots=True)
class Tab:
    """A room in the first line."""

    name: str
    active: bool
    unread: int = 0


def rooms_line(tabs: Sequence[Tab]) -> Content:
    """Render the rooms, with their unread counts."""
    parts: list[tuple[str, str] | str] = [(" hubbub ", "bold $background on $accent"), " "]
    for tab in tabs:
        parts.append((f" {sanitize(tab.name)} ", "bold $foreground on $primary 30%" if tab.active else _DIM))
        if tab.unread:
            parts.append((f"{min(tab.unread, 999)} ", "bold $warning"))
    return Content.assemble(*parts)


def here_line(names: Sequence[str], count: int, me: str, width: int) -> Content:
    """Render as many names as fit, the own name first, and the number of others."""
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
    return Content.assemble((head, _DIM), (", ".join(shown), "$foreground"), (tail, _DIM))


def typing_words(names: Sequence[str]) -> str:
    """Return who is typing as a sentence; empty for no user."""
    shown = [sanitize(name) for name in names[:_MOST_TYPISTS]]
    if not shown:
        return ""
    if len(names) > _MOST_TYPISTS:
        return "several people are typing…"
    head, last = ", ".join(shown[:-1]), shown[-1]
    return f"{head} and {last} are typing…" if head else f"{last} is typing…"


def below_line(unseen: int, typists: Sequence[str]) -> Content:
    """Render the count of unseen messages below, or who is typing."""
    if unseen:
        words = f"{unseen} new message{'s' if unseen > 1 else ''} below"
        return Content.assemble((f" ↓ {words}", "bold $warning"), ("  Esc goes there", _DIM))
    return Content.assemble((f" {typing_words(typists)}", f"italic {_DIM}"))


def connection_line(dot: str, words: str, hints: Iterable[tuple[str, str]], width: int) -> Content:
    """Render the connection's state on the left, and as many key hints as fit on the right."""
    left = Content.assemble((" ● ", dot), words)
    right: list[tuple[str, str]] = []
    room = width - left.cell_length - 2
    for key, does in hints:
        room -= cell_len(key) + cell_len(does) + 3
        if room < 0:
            break
        right += [(f"  {key}", _NAME), (f" {does}", _DIM)]
    keys = Content.assemble(*right)
    return Content.assemble(left, " " * max(1, width - left.cell_length - keys.cell_length - 1), keys)
