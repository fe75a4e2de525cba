"""The lines of one room in display order, independent of the screen."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from msgspec import structs

from hubbub_cli.message_lines import brief_text, shown_text
from hubbub_cli.tui.rows import GapRow, Line, MessageRow, NoticeRow, PresenceRow, Row, rows_of
from hubbub_client import Changed, Message, Position, fold
from hubbub_protocol.events import ReplyCount

# The limit of lines of a room; above it the oldest are dropped, some at once.
MOST_LINES: Final = 5_000
_AT_ONCE: Final = 500


class Transcript:
    """The lines of one room, and the rows that show them. Each row has an id that it keeps.

    `rows` grows at its end; `version` changes when anything else changes.
    """

    def __init__(self, root: Position | None = None) -> None:
        # The root, if this is a thread: replies to it need no quote.
        self._root = root
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
        row = MessageRow(self._id(), user, text, at, own=user == self.me, mention=mention, source=source)
        quoted = source is not None and source.reply_to not in {None, self._root}
        self._add(replace(row, quote=self._quote(source)) if source and quoted else row)
        if source is not None and source.thread is not None and source.thread != self._root:
            self._count_reply(source.thread, source.position.offset)

    def changed(self, change: Changed) -> None:
        """Show a message as it is after a change."""
        for index in range(len(self._lines) - 1, -1, -1):
            line = self._lines[index]
            if isinstance(line, MessageRow) and line.source and line.source.position == change.target:
                source = fold(line.source, [change])
                self._lines[index] = replace(line, text=shown_text(source), source=source)
                self._rebuild()
                return

    def _count_reply(self, root: Position, offset: int) -> None:
        """Count a reply at its root, unless the server has counted it already."""
        for index in range(len(self._lines) - 1, -1, -1):
            line = self._lines[index]
            if isinstance(line, MessageRow) and line.source and line.source.position == root:
                known = line.source.replies or ReplyCount(count=0, last=0)
                if known.last < offset:
                    counted = ReplyCount(count=known.count + 1, last=offset)
                    self._lines[index] = replace(line, source=structs.replace(line.source, replies=counted))
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
            merged = replace(last, joined=_merged(last.joined, joined), left=_merged(last.left, left))
            self._lines[-1] = self.rows[-1] = merged
            self.version += 1
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
        """Put the unread line after the last line, unless it stands somewhere."""
        if self._read_to is None:
            self._read_to = self._next_id - 1

    def mark_read(self) -> None:
        """Remove the unread line."""
        if self._read_to is not None:
            self._read_to = None
            self._rebuild()

    def messages(self) -> list[MessageRow]:
        """Return the messages that the server has stored, oldest first."""
        return [line for line in self._lines if isinstance(line, MessageRow) and line.source is not None]

    def original(self, reply: Message) -> Message | None:
        """Return the message that one replies to, if it is among the lines."""
        for line in reversed(self._lines):
            if isinstance(line, MessageRow) and line.source and line.source.position == reply.reply_to:
                return line.source
        return None

    def row_of(self, message: Message) -> int | None:
        """Return the id of the row that shows a message, if it is among the lines."""
        return next(
            (row.id for row in self.messages() if row.source and row.source.position == message.position),
            None,
        )

    def mentions(self) -> list[int]:
        """Return the ids of messages that mention the user."""
        return [line.id for line in self._lines if isinstance(line, MessageRow) and line.mention]

    def _quote(self, reply: Message) -> str:
        original = self.original(reply)
        return "an earlier message" if original is None else f"{original.user}: {brief_text(original)}"

    # Rows

    def _id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _add(self, line: Line) -> None:
        self._lines.append(line)
        self.rows += rows_of(line, self.rows, self._read_to)

    def _rebuild(self) -> None:
        self.rows = []
        for line in self._lines:
            self.rows += rows_of(line, self.rows, self._read_to)
        self.version += 1


def _merged(names: tuple[str, ...], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, *others)))
