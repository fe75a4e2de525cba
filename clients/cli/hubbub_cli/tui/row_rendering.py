"""Render rows to lines of terminal cells at a given width."""

from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip

from hubbub_cli.sanitize import sanitize, sanitize_lines
from hubbub_cli.times import clock, day_name
from hubbub_cli.tui import palette
from hubbub_cli.tui.transcript import DayRow, GapRow, MessageRow, NoticeRow, Row, SendState

_CLOCK: Final = 6  # a space, and 14:02
_NARROW: Final = 60
_LEAST: Final = 10
_STATES: Final = {SendState.SENDING: "sending…", SendState.SENT: "sent", SendState.FAILED: "not sent"}


def render(row: Row, width: int) -> list[Strip]:
    """Render a row: at least one line, none wider than `width`."""
    match row:
        case DayRow():
            return [_rule(day_name(row.day), width, palette.PALE)]
        case GapRow():
            return [_rule("messages are missing here", width, palette.MISSING)]
        case NoticeRow():
            indent = _indent(width)
            return [
                Strip([Segment(" " * indent), Segment(line, palette.PALE)])
                for text in row.text.split("\n")
                for line in _wrap(text, width - indent)
            ]
        case MessageRow():
            return list(_said(row, width))


def _rule(text: str, width: int, style: Style) -> Strip:
    words = f" {text} "
    before = max(0, (width - cell_len(words)) // 2)
    after = max(0, width - before - cell_len(words))
    return Strip(
        [Segment("─" * before, palette.RULE), Segment(words, style), Segment("─" * after, palette.RULE)]
    )


def _said(row: MessageRow, width: int) -> Iterator[Strip]:
    indent = _indent(width)
    room = width - indent - 1
    body = palette.TEXT if row.state is None else palette.WAITING
    lines = [[Segment(line, body)] for text in sanitize_lines(row.text) for line in _wrap(text, room)]
    if row.state is not None:
        _add_state(lines, row.state, row.why, room)
    for number, line in enumerate(lines):
        head = _head(row, indent) if number == 0 else [Segment(" " * indent)]
        yield Strip([*head, *line])


def _add_state(lines: list[list[Segment]], state: SendState, why: str, room: int) -> None:
    """Add the send state: after the text if it fits, so that the layout does not change later."""
    style = palette.FAILED if state is SendState.FAILED else palette.PALE
    words = f"{_STATES[state]}: {sanitize(why)}" if why else _STATES[state]
    if sum(segment.cell_length for segment in lines[-1]) + 2 + cell_len(words) <= room:
        lines[-1].append(Segment(f"  {words}", style))
    else:
        lines += [[Segment(line, style)] for line in _wrap(words, room)]


def _head(row: MessageRow, indent: int) -> list[Segment]:
    """Return the time, and the name aligned to the text."""
    room = indent - _CLOCK - 2
    time = "" if row.at is None else clock(row.at)
    name = "" if row.joined else _shorten(sanitize(row.user), room)
    style = palette.ME if row.own else palette.nick(row.user)
    return [
        Segment(f" {time:5}", palette.PALE),
        Segment(" " * (room - cell_len(name) + 1)),
        Segment(name, style),
        Segment(" "),
    ]


def _indent(width: int) -> int:
    return _CLOCK + (14 if width >= _NARROW else 9) + 2


def _shorten(name: str, room: int) -> str:
    return name if cell_len(name) <= room else set_cell_size(name, room - 1) + "…"


def _wrap(text: str, width: int) -> list[str]:
    room = max(_LEAST, width)
    if len(text) <= room and cell_len(text) <= room:
        return [text]
    return [line.plain.rstrip() for line in Content(text).wrap(room)]
