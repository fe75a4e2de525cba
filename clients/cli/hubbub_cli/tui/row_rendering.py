"""Render rows to lines of terminal cells at a given width."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip

from hubbub_cli.message_lines import action_of, file_words
from hubbub_cli.sanitize import sanitize, sanitize_lines
from hubbub_cli.times import clock, day_name
from hubbub_cli.tui.colours import Colours
from hubbub_cli.tui.emoji import EMOJI
from hubbub_cli.tui.rows import (
    MOST_NAMES,
    DayRow,
    GapRow,
    MessageRow,
    NoticeRow,
    PresenceRow,
    Row,
    SendState,
    UnreadRow,
)
from hubbub_client.url import file_path
from hubbub_protocol.events import File

_CLOCK: Final = 6  # a space, and 14:02
# In columns. Below the first one a name stands above its message, from it on beside it.
_NARROW: Final = 60
_NAME: Final = 14
_LEAST: Final = 10
# Longer lines are hard to read.
_MOST: Final = 110
_STATES: Final = {SendState.SENDING: "sending…", SendState.SENT: "sent", SendState.FAILED: "not sent"}
# Printable ASCII only: the address becomes part of a control sequence.
_URL: Final = re.compile(r"https?://[!-~]+[!-~](?<![.,;:!?'\")\]}>])")


def render(row: Row, width: int, colours: Colours) -> list[Strip]:
    """Render a row: at least one line, none wider than `width`."""
    match row:
        case DayRow():
            return [_rule(day_name(row.day), width, colours.pale, colours.rule)]
        case UnreadRow():
            return [_rule("new messages", width, colours.unread, colours.unread)]
        case GapRow():
            return [_rule("messages are missing here", width, colours.missing, colours.rule)]
        case NoticeRow():
            return _notice(row.text.split("\n"), width, colours.pale)
        case PresenceRow():
            return _notice([_presence_words(row)], width, colours.pale)
        case MessageRow():
            return list(_said(row, width, colours))


def _notice(lines: list[str], width: int, style: Style) -> list[Strip]:
    indent = _indent(width)
    return [
        Strip([Segment(" " * indent), Segment(line, style)])
        for text in lines
        for line in _wrap(text, min(_MOST, width - indent))
    ]


def _presence_words(row: PresenceRow) -> str:
    return "; ".join(
        f"{_names(names)} {verb}" for names, verb in ((row.joined, "joined"), (row.left, "left")) if names
    )


def _names(names: tuple[str, ...]) -> str:
    shown = [sanitize(name) for name in names[:MOST_NAMES]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def _rule(text: str, width: int, style: Style, line: Style) -> Strip:
    words = f" {text} "
    before = max(0, (width - cell_len(words)) // 2)
    after = max(0, width - before - cell_len(words))
    return Strip([Segment("─" * before, line), Segment(words, style), Segment("─" * after, line)])


def _said(row: MessageRow, width: int, colours: Colours) -> Iterator[Strip]:
    narrow = width < _NARROW
    indent = _indent(width)
    room = min(_MOST, width - indent - 1)
    body = colours.waiting if row.state else colours.mention if row.mention else colours.text
    if narrow and not row.grouped:
        yield Strip(_heading(row, width, colours))
    if row.quote:
        yield Strip([Segment(" " * indent), Segment(_quoted(row.quote, room), colours.pale)])
    action = action_of(row.user, row.text)
    texts = sanitize_lines(row.text if action is None else f"* {row.user} {action}")
    lines = [_linked(line, body) for text in texts for line in _wrap(text, room)]
    if row.source is not None and row.source.files:
        lines = [*(lines if row.text else []), *_files(row.source.files, room, colours)]
    if row.state is not None:
        _add_state(lines, row.state, row.why, room, colours)
    if row.source is not None and row.source.reactions:
        reactions = "  ".join(f"{_emoji(one.emoji)} {len(one.users)}" for one in row.source.reactions)
        lines += [[Segment(line, colours.pale)] for line in _wrap(reactions, room)]
    if row.source is not None and row.source.replies is not None:
        count = row.source.replies.count
        lines.append([Segment(f"↳ {count} {'reply' if count == 1 else 'replies'}", colours.reply)])
    for number, line in enumerate(lines):
        beside = number == 0 and not narrow
        head = _head(row, indent, colours) if beside else [Segment(" " * indent)]
        yield Strip([*head, *line])


def _quoted(quote: str, room: int) -> str:
    """Return the beginning of a message that is replied to, in one line."""
    return _shorten(f"↪ {sanitize(quote)}", max(_LEAST, room))


def _emoji(given: str) -> str:
    """Return an emoji, also for its short code."""
    return EMOJI.get(given.strip(":")) or sanitize(given)


def _files(files: Sequence[File], room: int, colours: Colours) -> Iterator[list[Segment]]:
    for file in files:
        style = colours.file(file_path(file))
        yield from ([Segment(line, style)] for line in _wrap(sanitize(f"[{file_words(file)}]"), room))


def _linked(line: str, body: Style) -> list[Segment]:
    """Return the line with its addresses as links that a terminal can open."""
    segments: list[Segment] = []
    end = 0
    for found in _URL.finditer(line):
        segments.append(Segment(line[end : found.start()], body))
        segments.append(Segment(found[0], body + Style(underline=True, link=found[0])))
        end = found.end()
    segments.append(Segment(line[end:], body))
    return [segment for segment in segments if segment.text]


def _add_state(lines: list[list[Segment]], state: SendState, why: str, room: int, colours: Colours) -> None:
    """Add the send state: after the text if it fits, so that the layout does not change later."""
    style = colours.failed if state is SendState.FAILED else colours.pale
    words = f"{_STATES[state]}: {sanitize(why)}; /retry or /discard" if why else _STATES[state]
    if sum(segment.cell_length for segment in lines[-1]) + 2 + cell_len(words) <= room:
        lines[-1].append(Segment(f"  {words}", style))
    else:
        lines += [[Segment(line, style)] for line in _wrap(words, room)]


def _heading(row: MessageRow, width: int, colours: Colours) -> list[Segment]:
    """Return the name and the time for a line of their own."""
    time = "" if row.at is None else f"  {clock(row.at)}"
    name = _shorten(sanitize(row.user), width - len(time) - 2)
    return [
        Segment(" "),
        Segment(name, colours.me if row.own else colours.nick(row.user)),
        Segment(time, colours.pale),
    ]


def _head(row: MessageRow, indent: int, colours: Colours) -> list[Segment]:
    """Return the time, and the name aligned to the text."""
    room = indent - _CLOCK - 2
    time = "" if row.at is None else clock(row.at)
    name = "" if row.grouped else _shorten(sanitize(row.user), room)
    style = colours.me if row.own else colours.nick(row.user)
    return [
        Segment(f" {time:5}", colours.pale),
        Segment(" " * (room - cell_len(name) + 1)),
        Segment(name, style),
        Segment(" "),
    ]


def _indent(width: int) -> int:
    return _CLOCK + _NAME + 2 if width >= _NARROW else 2


def _shorten(name: str, room: int) -> str:
    return name if cell_len(name) <= room else set_cell_size(name, room - 1) + "…"


def _wrap(text: str, width: int) -> list[str]:
    room = max(_LEAST, width)
    if len(text) <= room and cell_len(text) <= room:
        return [text]
    return [line.plain.rstrip() for line in Content(text).wrap(room)]
