"""The rows of one room in display order, independent of the screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from hubbub_cli.message_lines import shown_text
from hubbub_cli.times import moment
from hubbub_client import Changed, Message, fold

# In ms. Consecutive messages of one user within this time show the name once.
_TOGETHER: Final = 5 * 60 * 1000
# The limit of lines of a room; above it the oldest are dropped, some at once.
MOST_LINES: Final = 5_000
_AT_ONCE: Final = 500
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


Line = GapRow | NoticeRow | PresenceRow | MessageRow
Row = DayRow | UnreadRow | Line


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """An own message that has not arrived in the room yet."""

    text: str
    state: SendState
    why: str = ""


class Transcript:
    """The lines of one room, and the rows that show them. Each row has an id that it keeps.

    `rows` grows at its end; `version` changes when anything else changes.
    """

    def __init__(self) -> None:
        self.me = ""
        self.rows: list[Row] = []
        self.version = 0
        # Older lines were dropped, so what comes before the first one is not in the room's history request.
        self.trimmed = False
        self._lines: list[Line] = []
        # The index before which history is inserted: after the last gap to another epoch.
        self._start = 0
        self._next_id = 0
        self._first_id = 0
        # The unread line stands before the first message with a greater id.
        self._read_to: int | None = None

    def __len__(self) -> int:
        return len(self._lines)

    def said(
        self, user: str, text: str, at: int, *, mention: bool = False, source: Message | None = None
    ) -> None:
        """Add a message."""
        own = user == self.me
        self._add(MessageRow(self._id(), user, text, at, own=own, mention=mention, source=source))

    def changed(self, change: Changed) -> None:
        """Show a message as it is after a change."""
        for index in range(len(self._lines) - 1, -1, -1):
            line = self._lines[index]
            if isinstance(line, MessageRow) and line.source and line.source.position == change.target:
                source = fold(line.source, [change])
                self._lines[index] = replace(line, text=shown_text(source), source=source)
                self._rebuild()
                return

    def gap(self, *, anew: bool) -> None:
        """Add a gap; `anew` if the following messages have a history of their own."""
        self._add(GapRow(self._id()))
        if anew:
            self._start = len(self._lines)

    def notice(self, text: str) -> None:
        self._add(NoticeRow(self._id(), text))

    def presence(self, joined: Sequence[str], left: Sequence[str]) -> None:
        """Add who joined and left; in one row with the changes before, if nothing stands between."""
        last = self._lines[-1] if self._lines else None
        if isinstance(last, PresenceRow):
            self._lines[-1] = replace(
                last, joined=_merged(last.joined, joined), left=_merged(last.left, left)
            )
            self._rebuild()
        else:
            self._add(PresenceRow(self._id(), tuple(joined), tuple(left)))

    def older(self, messages: Iterable[tuple[str, str, int]], sources: Sequence[Message] = ()) -> int:
        """Insert messages (user, text, at) of a history page; return the number."""
        page = list(messages)
        known: Sequence[Message | None] = sources or [None] * len(page)
        self._first_id -= len(page)
        ahead = [
            MessageRow(number, user, text, at, own=user == self.me, source=source)
            for number, ((user, text, at), source) in enumerate(zip(page, known, strict=True), self._first_id)
        ]
        self._lines[self._start : self._start] = ahead
        self._rebuild()
        return len(ahead)

    def begins(self, text: str = "This is the beginning of the room.") -> bool:
        """Mark the beginning of what is shown; return whether it was not marked yet."""
        at_start = self._lines[self._start] if self._start < len(self._lines) else None
        if isinstance(at_start, NoticeRow) and at_start.text == text:
            return False
        self._first_id -= 1
        self._lines.insert(self._start, NoticeRow(self._first_id, text))
        self._rebuild()
        return True

    @property
    def full(self) -> bool:
        """Whether no further history is inserted."""
        return len(self._lines) >= MOST_LINES

    def trim(self, *, following: bool) -> None:
        """Drop the oldest lines above the limit; while the user reads older ones, above twice the limit."""
        most = MOST_LINES if following else 2 * MOST_LINES
        if len(self._lines) <= most:
            return
        over = len(self._lines) - most + _AT_ONCE
        del self._lines[:over]
        self._start = max(0, self._start - over)
        self.trimmed = True
        self._rebuild()

    def mark_unread(self) -> None:
        """Put the unread line behind the last line, unless it stands somewhere."""
        if self._read_to is None:
            self._read_to = self._next_id - 1

    def mark_read(self) -> None:
        """Remove the unread line."""
        if self._read_to is not None:
            self._read_to = None
            self._rebuild()

    def mentions(self) -> list[int]:
        """Return the ids of messages that mention the user."""
        return [line.id for line in self._lines if isinstance(line, MessageRow) and line.mention]

    # Rows

    def _id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _add(self, line: Line) -> None:
        self._lines.append(line)
        self.rows += _rows_of(line, self.rows, self._read_to)

    def _rebuild(self) -> None:
        self.rows = []
        for line in self._lines:
            self.rows += _rows_of(line, self.rows, self._read_to)
        self.version += 1


def _merged(names: tuple[str, ...], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, *others)))


def _rows_of(line: Line, above: list[Row], read_to: int | None) -> list[Row]:
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
    """Return the rows of own messages that have not arrived; they stand behind all others."""
    return [
        MessageRow(2 * _BETWEEN + number, me, one.text, None, own=True, state=one.state, why=one.why)
        for number, one in enumerate(waiting)
    ]
