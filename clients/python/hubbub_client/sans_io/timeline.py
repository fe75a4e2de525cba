"""The messages of a room: accepted ones, duplicates and holes."""

from collections.abc import Iterator
from enum import Enum, auto
from itertools import takewhile

from msgspec.structs import replace

from hubbub_protocol.commands import Since
from hubbub_protocol.events import Change, Entry, Joined, Message, ReplyCount
from hubbub_protocol.folding import fold

MOST_HOLES = 3  # TL3
UNWRITTEN = "unwritten"  # RM10


class ChainVerdict(Enum):
    """The result of checking a message against the chain."""

    ACCEPTED = auto()
    DUPLICATE = auto()
    HOLE = auto()


class Timeline:
    """The chain of messages of a room, and the last of them for the view."""

    def __init__(self, hold: int | None) -> None:
        self._hold = hold
        self.position: Since | None = None
        self.topic: str | None = None
        # None is a gap.
        self.lines: list[Message | None] = []
        # The number of lines of earlier epochs, with the gap after them.
        self._earlier = 0
        # The first accepted message, also if it was dropped: history continues before it.
        self._first: Since | None = None
        self._beginning = False
        self._head = 0
        self._holes = 0

    def accept(self, entry: Entry) -> ChainVerdict:
        """Accept the entry if it is the next one (TL1, TL2)."""
        if self.position is None:
            return ChainVerdict.DUPLICATE
        if entry.offset <= self.position.offset:
            return ChainVerdict.DUPLICATE
        if entry.prev != self.position.offset:
            self._holes += 1
            return ChainVerdict.HOLE
        self._keep(entry, self.position.epoch)
        if isinstance(entry, Message):
            self._note(entry)
        return ChainVerdict.ACCEPTED

    def start_over(self, joined: Joined) -> bool:
        """Start over with an unrecovered join; True if there was a position before (TL4)."""
        had_position = self.position is not None
        before = joined.messages[0].prev if joined.messages else joined.head
        self._keep_earlier(joined.epoch)
        self.position = Since(epoch=joined.epoch, offset=before)
        self._first, self._beginning, self._holes = None, False, 0
        return had_position

    def _keep_earlier(self, epoch: str) -> None:
        """Keep messages of another epoch above a gap: the server no longer has them (TL4)."""
        if self.position is None or self.position.epoch == epoch:
            self.lines.clear()
        elif self.lines and self._earlier < len(self.lines):
            self._hold_line(None)
        self._earlier = len(self.lines)

    def replay(self, joined: Joined) -> Iterator[tuple[Entry, ChainVerdict]]:
        """Accept the entries of a join; check the chain only if it recovered (TL4)."""
        self._head = joined.head
        self.topic = joined.topic
        if self._is_unwritten:
            self.position = Since(epoch=joined.epoch, offset=0)
        for entry in joined.messages:
            if joined.recovered:
                yield entry, self.accept(entry)
            else:
                self._keep(entry, joined.epoch)
                yield entry, ChainVerdict.ACCEPTED
        if not joined.recovered:
            # Changes after the last message are folded into the messages.
            self.position = Since(epoch=joined.epoch, offset=joined.head)

    def reset(self, epoch: str, offset: int) -> bool:
        """Continue after a reset; True if it reports a gap that the server cannot fill (TL5)."""
        begins = self._is_unwritten and not offset
        anew = self.position is not None and self.position.epoch != epoch
        self.position = Since(epoch=epoch, offset=offset)
        self._head = offset  # nothing more is replayed (TL7)
        if not begins:
            self._hold_line(None)
            self._earlier = len(self.lines) if anew else self._earlier
        return not begins

    @property
    def _is_unwritten(self) -> bool:
        """Whether the room had no messages yet: its first one begins an epoch (RM10)."""
        return self.position is not None and self.position.epoch == UNWRITTEN

    def rewind(self, to: Since) -> None:
        """Return to an earlier position, as if no later message had been accepted (TL16)."""
        self.position = to
        self._holes = 0
        kept, rest = self.lines[: self._earlier], self.lines[self._earlier :]
        self.lines = kept + [line for line in rest if line is not None and line.offset <= to.offset]

    def drop(self, key: str, offset: int) -> None:
        """Drop a message that may be lost (TL8)."""
        for index, line in enumerate(self.lines):
            if line is not None and (line.key, line.offset) == (key, offset):
                del self.lines[index]
                self._earlier -= index < self._earlier
                break

    def _keep(self, entry: Entry, epoch: str) -> None:
        self.position = Since(epoch=epoch, offset=entry.offset)
        self._holes = 0
        if isinstance(entry, Change):
            self._apply(entry)
            return
        if self._first is None:
            self._first = self.position
        self._hold_line(entry)

    def _apply(self, change: Change) -> None:
        """Fold a change into its message, if the view has it (TL17)."""
        index = self._index(change.target)
        line = None if index is None else self.lines[index]
        if index is not None and line is not None:
            self.lines[index] = fold(line, [change])

    def _note(self, message: Message) -> None:
        """Take from a live message what it changes of the room, and of another message."""
        if message.event == "topic":
            self.topic = message.text or None
        if message.reply_to is not None:
            self._count(message.thread or message.reply_to, message.offset)

    def _count(self, root: int, offset: int) -> None:
        """Count a reply in the root of its thread, if the view has it (TL19)."""
        index = self._index(root)
        line = None if index is None else self.lines[index]
        if index is None or line is None:
            return
        before = line.replies or ReplyCount(count=0, last=0)
        if offset > before.last:
            self.lines[index] = replace(line, replies=ReplyCount(count=before.count + 1, last=offset))

    def _index(self, offset: int) -> int | None:
        """Find a message of the view; above a gap offsets may be those of another epoch."""
        for index in range(len(self.lines) - 1, -1, -1):
            line = self.lines[index]
            if line is None or line.offset == offset:
                return None if line is None else index
        return None

    def shown(self, offset: int) -> Message | None:
        """Return a message of the view, as it is shown now; None if the view has not got it."""
        below_gap = takewhile(lambda line: line is not None, reversed(self.lines))
        return next((line for line in below_gap if line is not None and line.offset == offset), None)

    def _hold_line(self, line: Message | None) -> None:
        self.lines.append(line)
        if self._hold is not None and len(self.lines) > self._hold:
            dropped = len(self.lines) - self._hold
            del self.lines[:dropped]
            self._earlier = max(0, self._earlier - dropped)

    @property
    def since(self) -> Since | None:
        """The position for a join; None after too many holes (TL3)."""
        return None if self._holes >= MOST_HOLES else self.position

    @property
    def caught_up(self) -> bool:
        """Whether the replay that `joined` promised is over (TL7)."""
        return self.position is not None and self.position.offset >= self._head

    def reset_holes(self) -> None:
        """Count holes from 0 again, on a new connection."""
        self._holes = 0

    @property
    def before(self) -> int | None:
        """The offset before which history continues; None at the beginning of the room (TL13)."""
        if self._beginning or self.position is None:
            return None
        if self._first is None:
            return self.position.offset + 1
        return self._first.offset if self._first.epoch == self.position.epoch else None

    def insert_page(
        self, messages: list[Message], *, more: bool, continues: int | None = None
    ) -> tuple[Message, ...]:
        """Insert a page of history before the first message; return its new messages (TL13).

        `continues` is the offset before which the next page continues, by default the first message's.
        """
        before = self.before
        if self.position is None or before is None:
            return ()
        page = tuple(message for message in messages if message.offset < before)
        first = continues if continues is not None or not page else page[0].offset
        if first is not None:
            self._first = Since(epoch=self.position.epoch, offset=min(first, before))
        if page:
            room_left = len(page) if self._hold is None else max(0, self._hold - len(self.lines))
            self.lines[self._earlier : self._earlier] = page[len(page) - min(room_left, len(page)) :]
        self._beginning = not more
        return page
