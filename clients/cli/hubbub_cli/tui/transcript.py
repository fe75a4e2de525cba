"""The rows of one room in display order, independent of the screen."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from hubbub_cli.times import moment

# In ms. Consecutive messages of one user within this time show the name once.
_TOGETHER: Final = 5 * 60 * 1000
# The limit of lines of a room; above it the oldest are dropped.
MOST_LINES: Final = 2_000


class SendState(StrEnum):
    """The state of an own message."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DayRow:
    """The start of a day."""

    day: date


@dataclass(frozen=True, slots=True)
class GapRow:
    """Messages are missing here."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice of this client."""

    text: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message. `at` is None until the server has stored it; `joined` if the name is shown above."""

    user: str
    text: str
    at: int | None
    own: bool = False
    state: SendState | None = None
    why: str = ""
    joined: bool = False


Row = DayRow | GapRow | NoticeRow | MessageRow


class Transcript:
    """The displayed messages of one room."""

    def __init__(self) -> None:
        self.me = ""
        self._lines: list[GapRow | NoticeRow | MessageRow] = []
        # The index before which history is inserted: after the last gap to another epoch.
        self._start = 0

    def __len__(self) -> int:
        return len(self._lines)

    def said(self, user: str, text: str, at: int) -> None:
        """Add a message."""
        self._add(MessageRow(user, text, at, own=user == self.me))

    def failed(self, text: str, why: str) -> None:
        """Add an own message that was rejected permanently."""
        self._add(MessageRow(self.me, text, None, own=True, state=SendState.FAILED, why=why))

    def gap(self, *, anew: bool) -> None:
        """Add a gap; `anew` if the following messages have a history of their own."""
        self._add(GapRow())
        if anew:
            self._start = len(self._lines)

    def notice(self, text: str) -> None:
        self._add(NoticeRow(text))

    def older(self, messages: Iterable[tuple[str, str, int]]) -> int:
        """Insert messages (user, text, at) of a history page; return the number."""
        ahead = [MessageRow(user, text, at, own=user == self.me) for user, text, at in messages]
        self._lines[self._start : self._start] = ahead
        return len(ahead)

    def begins(self) -> None:
        """Mark the beginning of the room."""
        beginning = NoticeRow("This is the beginning of the room.")
        if self._lines[self._start : self._start + 1] != [beginning]:
            self._lines.insert(self._start, beginning)

    def _add(self, line: GapRow | NoticeRow | MessageRow) -> None:
        self._lines.append(line)
        over = max(0, len(self._lines) - MOST_LINES)
        del self._lines[:over]
        self._start = max(0, self._start - over)

    def rows(self, waiting: Iterable[tuple[str, SendState]] = ()) -> Iterator[Row]:
        """Yield the rows: with days, without repeated names; queued own messages are last."""
        day: date | None = None
        above: GapRow | NoticeRow | MessageRow | None = None
        for line in self._lines:
            if (
                isinstance(line, MessageRow)
                and line.at is not None
                and (today := moment(line.at).date()) != day
            ):
                yield DayRow(today)
                day, above = today, None
            yield _together(line, above)
            above = line
        for text, state in waiting:
            yield MessageRow(self.me, text, None, own=True, state=state)


def _together(line: GapRow | NoticeRow | MessageRow, above: GapRow | NoticeRow | MessageRow | None) -> Row:
    """Omit the name if the line above is a recent message of the same user."""
    if not (isinstance(line, MessageRow) and isinstance(above, MessageRow)) or line.user != above.user:
        return line
    if line.at is None or above.at is None or not 0 <= line.at - above.at <= _TOGETHER:
        return line
    return MessageRow(line.user, line.text, line.at, own=line.own, joined=True)
