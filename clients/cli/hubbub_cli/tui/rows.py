"""The rows of a room: what they hold, and which ones stand before a line."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from hubbub_cli.times import moment
from hubbub_client import Message

# In ms. Consecutive messages of one user within this time show the name once.
_TOGETHER: Final = 5 * 60 * 1000
# The names in a row of presence; further ones are counted.
MOST_NAMES: Final = 5


class SendState(StrEnum):
    """The state of an own message."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DayRow:
    """The start of a day."""

    id: int
    day: date


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """What follows came while another room was shown."""

    id: int


@dataclass(frozen=True, slots=True)
class GapRow:
    """Messages are missing here."""

    id: int


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice of this client."""

    id: int
    text: str


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """Users who joined and left, one after the other."""

    id: int
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message. `at` is None until the server has stored it; `grouped` if the name is shown above."""

    id: int
    user: str
    text: str
    at: int | None
    own: bool = False
    state: SendState | None = None
    why: str = ""
    grouped: bool = False
    mention: bool = False
    # What the row shows, for the changes of it.
    source: Message | None = None
    # The author and the beginning of the message that it replies to.
    quote: str = ""


Line = GapRow | NoticeRow | PresenceRow | MessageRow
Row = DayRow | UnreadRow | Line


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """An own message that has not arrived in the room yet."""

    text: str
    state: SendState
    why: str = ""


def rows_of(line: Line, above: list[Row], read_to: int | None) -> list[Row]:
    """Return the rows of the next line: a new day and the unread line come before it."""
    if not isinstance(line, MessageRow):
        return [line]
    rows: list[Row] = []
    day = None if line.at is None else moment(line.at).date()
    if day is not None and day != _day_above(above):
        rows.append(DayRow(_between(line.id), day))
    if read_to is not None and line.id > read_to and not line.own and not _has_unread_line(above, read_to):
        rows.append(UnreadRow(_between(line.id) + 1))
    before = rows[-1] if rows else above[-1] if above else None
    return [*rows, _grouped(line, before)]


# Rows between lines have ids of their own, far from those of lines: the place of the log follows any row.
_BETWEEN: Final = 1 << 40


def _between(line_id: int) -> int:
    return _BETWEEN + 2 * line_id


def is_line(row: Row) -> bool:
    """Return whether the row is a line of the room, which keeps its id."""
    return not isinstance(row, DayRow | UnreadRow)


def _day_above(rows: list[Row]) -> date | None:
    for row in reversed(rows):
        if isinstance(row, DayRow):
            return row.day
        if isinstance(row, MessageRow) and row.at is not None:
            return moment(row.at).date()
    return None


def _has_unread_line(rows: list[Row], read_to: int) -> bool:
    for row in reversed(rows):
        if isinstance(row, UnreadRow):
            return True
        if isinstance(row, MessageRow) and row.id <= read_to:
            return False
    return False


def _grouped(line: MessageRow, above: Row | None) -> MessageRow:
    """Omit the name if the line above is a recent message of the same user."""
    if not isinstance(above, MessageRow) or line.user != above.user:
        return line
    if line.at is None or above.at is None or not 0 <= line.at - above.at <= _TOGETHER:
        return line
    return replace(line, grouped=True)


def waiting_rows(me: str, waiting: Iterable[OwnMessage]) -> list[MessageRow]:
    """Return the rows of own messages that have not arrived; they stand after all others."""
    return [
        MessageRow(2 * _BETWEEN + number, me, one.text, None, own=True, state=one.state, why=one.why)
        for number, one in enumerate(waiting)
    ]
