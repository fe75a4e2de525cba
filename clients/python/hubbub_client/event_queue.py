"""The events of one room that wait to be read: at most so many, and none lost in silence."""

import asyncio
from collections import deque
from collections.abc import Callable

from hubbub_client.events import Event, Joined, Lagged, Message, Position


class EventQueue:
    """A bounded queue for one reader.

    When it's full, nothing more is taken. The reader gets what waits, so that it gets on however small the
    bound is; then it finds `Lagged`, and `rewind` has the room tell again what came behind the last position
    that was read.
    """

    def __init__(self, room: str, bound: int, rewind: Callable[[Position], None]) -> None:
        self._room = room
        self._bound = bound
        self._rewind = rewind
        self._events: deque[Event] = deque()
        self._changed = asyncio.Event()
        self._end: Exception | None = None
        self._ended = False
        self._lagging = False
        # Behind this the reader knows nothing.
        self._read: Position | None = None
        # Where a room that is joined again has to go on.
        self._owed: Position | None = None

    def put(self, event: Event) -> None:
        if self._lagging or self._ended:
            return
        if isinstance(event, Joined) and self._read is None:
            self._read = event.position
        if len(self._events) >= self._bound:
            self._overflow()
        else:
            self._events.append(event)
        self._changed.set()

    def _overflow(self) -> None:
        self._lagging = True
        # What didn't fit may be the gap that belongs to a join: without it, the join would hide it.
        if self._events and isinstance(self._events[-1], Joined):
            self._events.pop()

    def end(self, error: Exception | None) -> None:
        """Let the reader have what waits, and then the error, or a quiet end."""
        self._end, self._ended = error, True
        self._changed.set()

    def reopen(self) -> Position | None:
        """Take events again: the room is joined anew. Gives what it must be rewound to, if it must."""
        self._end, self._ended = None, False
        owed, self._owed = self._owed, None
        return owed

    async def get(self) -> Event:
        """Wait for the next event, for as long as the room is there.

        Raises:
            StopAsyncIteration: the room was left, or the client closed by the application.
            HubbubError: the room or the client ended otherwise.
        """
        while not (self._events or self._lagging or self._ended):
            self._changed.clear()
            await self._changed.wait()
        if not self._events:
            if self._lagging:
                return self._catch_up()
            raise self._end or StopAsyncIteration
        event = self._events.popleft()
        if isinstance(event, Message | Joined):
            self._read = event.position
        return event

    def _catch_up(self) -> Lagged:
        self._lagging = False
        if self._ended:
            # Nothing can be told again in a room that was left.
            self._owed = self._read
        elif self._read is not None:
            self._rewind(self._read)
        return Lagged(room=self._room)
