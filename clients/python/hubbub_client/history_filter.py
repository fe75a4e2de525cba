"""Distinguish messages that are new to the application from older ones, and from duplicates."""

from msgspec.structs import replace

from hubbub_client.events import Changed, Joined, Message, Position
from hubbub_client.folding import fold


class HistoryFilter:
    """Marks the messages of a room as live or not; unless `history`, it keeps back those that are not.

    Live is what was stored after the first join, or after the position that was given to it: also what was
    missed meanwhile. A join that does not recover repeats messages, which are not live again.
    """

    def __init__(self, *, history: bool) -> None:
        self._history = history
        # The last message or change so far.
        self._last: Position | None = None
        # Messages up to these positions are not live: before the first join, and repeated ones.
        self._before_join: Position | None = None
        self._repeated: Position | None = None
        self._kept_back: list[Message] = []

    @property
    def newest(self) -> Position | None:
        return self._last

    def start(self, since: Position | None) -> None:
        """Note the position that the first join continues from."""
        self._last = self._last or since

    def rewind(self, to: Position) -> None:
        """Note that the messages after a position are received again, because they were not read."""
        self._last = to
        if _reaches(self._repeated, to):
            self._repeated = to

    def joined(self, joined: Joined, position: Position) -> Joined:
        """Return the event for a join. `position` is the room's, after the messages of the join."""
        if joined.recovered:
            return joined
        if self._last is None:
            self._before_join = position
        elif self._last.epoch == position.epoch:
            self._repeated = self._last
        self._kept_back.clear()
        behind = self._repeated if self._last is not None else self._before_join
        self._last = joined.position if self._last is None else self._last
        if self._history or behind is None or not _reaches(behind, joined.position):
            return joined
        return replace(joined, position=behind)

    def message(self, message: Message) -> Message | None:
        """Return the message, marked; None if it is kept back."""
        self._last = message.position
        before_join = _reaches(self._before_join, message.position)
        if not before_join and not _reaches(self._repeated, message.position):
            return message
        if self._history:
            return replace(message, live=False)
        if before_join:
            self._kept_back.append(replace(message, live=False))
        return None

    def changed(self, changed: Changed) -> None:
        """Note a change. It is always reported, and applied to the messages that are kept back."""
        self._last = changed.position
        self._kept_back = [fold(message, [changed]) for message in self._kept_back]

    def take_history(self) -> tuple[Message, ...]:
        """Return the messages of the first join that were kept back, once."""
        kept_back, self._kept_back = tuple(self._kept_back), []
        return kept_back


def _reaches(end: Position | None, position: Position) -> bool:
    return end is not None and end.epoch == position.epoch and position.offset <= end.offset
