"""The lines around the log: rooms, members, typing users and the connection."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from hubbub_cli.sanitize import sanitize

_MOST_TYPISTS: Final = 3
_MOST_COUNTED: Final = 999
# In columns.
_LEAST_TOPIC: Final = 12
_NAME: Final = "bold $accent"
_DIM: Final = "$secondary"


@dataclass(frozen=True, slots=True)
class Tab:
    """A room in the list or in the line of rooms."""

    name: str
    active: bool
    unread: int = 0
    mentions: int = 0
    muted: bool = False


def counts(tab: Tab) -> tuple[str, str]:
    """Return what is unread, and its style: mentions first, as `@2`."""
    if tab.mentions:
        return f"@{min(tab.mentions, _MOST_COUNTED)}", "bold reverse $warning"
    if tab.unread and not tab.muted:
        return str(min(tab.unread, _MOST_COUNTED)), "bold $warning"
    return "", ""


def rooms_line(tabs: Sequence[Tab], width: int) -> Content:
    """Render the rooms in one line, scrolled so that the active one is visible."""
    parts = [_tab(tab) for tab in tabs]
    ends = list(accumulate((part.cell_length for part in parts), initial=0))
    active = next((at for at, tab in enumerate(tabs) if tab.active), 0)
    room = width - 2  # for the signs at both ends
    first = next((at for at in range(active + 1) if ends[active + 1] - ends[at] <= room), active)
    last = max((at for at in range(first, len(tabs)) if ends[at + 1] - ends[first] <= room), default=first)
    hidden_left, hidden_right = tabs[:first], tabs[last + 1 :]
    return Content.assemble(
        _more("<", hidden_left), *parts[first : last + 1], _more(">", hidden_right) if hidden_right else ""
    )


def _tab(tab: Tab) -> Content:
    unread, style = counts(tab)
    look = "bold reverse $primary" if tab.active else "bold $foreground" if tab.unread else _DIM
    return Content.assemble((f" {sanitize(tab.name)} ", look), (f"{unread} " if unread else "", style))


def _more(sign: str, hidden: Sequence[Tab]) -> tuple[str, str]:
    """Return the sign of hidden rooms, and whether one of them has unread messages."""
    if not hidden:
        return " ", ""
    return sign, "bold reverse $warning" if any(tab.unread and not tab.muted for tab in hidden) else _DIM


def with_state(name: str, away: AbstractSet[str]) -> str:
    """Return a name as it is shown, with what is to be known of its user."""
    return f"{sanitize(name)} (away)" if name in away else sanitize(name)


def here_line(
    room: str,
    names: Sequence[str],
    count: int,
    me: str,
    width: int,
    *,
    away: AbstractSet[str] = frozenset(),
) -> Content:
    """Render the room, as many names as fit, the own name first, and the number of others."""
    title = (f" {sanitize(room)} ", "bold $foreground")
    if not count:
        return Content.assemble(title)
    ordered = [name for name in names if name == me] + [name for name in names if name != me]
    head = f" {count} here: "
    shown: list[str] = []
    left = width - cell_len(title[0]) - cell_len(head) - len(f" and {count} others ")
    for name in (with_state(name, away) for name in ordered):
        left -= cell_len(name) + 2
        if left < 0 and shown:
            break
        shown.append(name)
    rest = count - len(shown)
    tail = f" and {rest} more" if rest > 0 else ""
    return Content.assemble(title, (head, _DIM), (", ".join(shown), "$foreground"), (tail, _DIM))


def topic_words(topic: str | None, room: int) -> tuple[str, str]:
    """Return the topic of a room as far as it fits; empty without one, or without space."""
    words = sanitize(topic or "")
    if not words or room < _LEAST_TOPIC:
        return "", ""
    return (
        f"  {words if cell_len(words) + 2 <= room else set_cell_size(words, room - 3) + '…'}",
        f"italic {_DIM}",
    )


def thread_line(room: str, title: str, width: int) -> Content:
    """Render the room and the thread that is shown in it."""
    head, leave = f" {sanitize(room)} ", "  Esc leaves"
    left = max(1, width - cell_len(head) - cell_len("thread of ") - cell_len(leave) - 1)
    short = title if cell_len(title) <= left else set_cell_size(title, left - 1) + "…"
    return Content.assemble(
        (head, "bold $foreground"), ("thread of ", _DIM), (short, "$foreground"), (leave, _DIM)
    )


def typing_words(names: Sequence[str]) -> str:
    """Return who is typing as a sentence; empty for no user."""
    shown = [sanitize(name) for name in names[:_MOST_TYPISTS]]
    if not shown:
        return ""
    if len(names) > _MOST_TYPISTS:
        return "several people are typing…"
    head, last = ", ".join(shown[:-1]), shown[-1]
    return f"{head} and {last} are typing…" if head else f"{last} is typing…"


def below_line(unseen: int, typists: Sequence[str], candidates: Sequence[str] = ()) -> Content:
    """Render the candidates of a completion, the count of unseen messages below, or who is typing."""
    if candidates:
        first, *others = map(sanitize, candidates)
        return Content.assemble((f" {first}", _NAME), (f"  {'  '.join(others)}", _DIM))
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
