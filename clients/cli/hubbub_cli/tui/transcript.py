"""The lines of one room, in the order in which they are shown; no screen needed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from hubbub_cli.times import moment

# Messages of one person that follow each other this closely, in ms, show the name once.
_TOGETHER: Final = 5 * 60 * 1000
# What is held of a room; beyond it the oldest go.
MOST_LINES: Final = 2_000


class SendState(StrEnum):
    """What became of an own message."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DayRow:
    """A new day begins."""

    day: date


@dataclass(frozen=True, slots=True)
class GapRow:
    """Messages are missing here."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """Something that the client itself has to say."""

    text: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message. `at` is None while the server has not stored it; `joined` if its name is shown above."""

    user: str
    text: str
    at: int | None
    own: bool = False
    state: SendState | None = None
    why: str = ""
    joined: bool = False


Row = DayRow | GapRow | NoticeRow | MessageRow


class Transcript:
    """What was said in one room, as far as it's shown."""

    def __init__(self) -> None:
        self.me = ""
        self._lines: list[GapRow | NoticeRow | MessageRow] = []
        # Where the part begins that history is a continuation of: behind the last leap.
        self._start = 0

    def __len__(self) -> int:
        return len(self._lines)

    def said(self, user: str, text: str, at: int) -> None:
        """Show a message."""
        self._add(MessageRow(user, text, at, own=user == self.me))

    def failed(self, text: str, why: str) -> None:
        """Show an own message that was refused for good."""
        self._add(MessageRow(self.me, text, None, own=True, state=SendState.FAILED, why=why))

    def gap(self, *, anew: bool) -> None:
        """Show that messages are missing; `anew` if what follows has a history of its own."""
        self._add(GapRow())
        if anew:
            self._start = len(self._lines)

    def notice(self, text: str) -> None:
        self._add(NoticeRow(text))

    def older(self, messages: Iterable[tuple[str, str, int]]) -> int:
        """Put messages (user, text, at) ahead of those that they are the history of; returns how many."""
        ahead = [MessageRow(user, text, at, own=user == self.me) for user, text, at in messages]
        self._lines[self._start : self._start] = ahead
        return len(ahead)

    def begins(self) -> None:
        """Show that there's nothing older."""
        beginning = NoticeRow("This is where it begins.")
        if self._lines[self._start : self._start + 1] != [beginning]:
            self._lines.insert(self._start, beginning)

    def _add(self, line: GapRow | NoticeRow | MessageRow) -> None:
        self._lines.append(line)
        over = max(0, len(self._lines) - MOST_LINES)
        del self._lines[:over]
        self._start = max(0, self._start - over)

    def rows(self, waiting: Iterable[tuple[str, SendState]] = ()) -> Iterator[Row]:
        """Give what is shown: with the days, without names that stand above already; at last what waits."""
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
    """Leave the name away if the line above is the same person's, from just before."""
    if not (isinstance(line, MessageRow) and isinstance(above, MessageRow)) or line.user != above.user:
        return line
    if line.at is None or above.at is None or not 0 <= line.at - above.at <= _TOGETHER:
        return line
    return MessageRow(line.user, line.text, line.at, own=line.own, joined=True)
