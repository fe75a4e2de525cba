"""The bounded queue of events of one room; an overflow is reported."""

import asyncio
from collections import deque
from collections.abc import Callable

from hubbub_client.events import Changed, Event, Joined, Lagged, Message, Position


class EventQueue:
    """A bounded queue for one reader.

    When it is full, further events are dropped. The reader still receives the queued events, so it makes
    progress however small the bound is. Then it receives `Lagged`, and `rewind` requests all events after the
    last position that was read.
    """

    def __init__(self, room: str, bound: int, rewind: Callable[[Position], None]) -> None:
        self._room = room
        self._bound = bound
        self._rewind = rewind
        self._events: deque[Event] = deque()
        self._changed = asyncio.Event()
        self._reading = False
        self._end: Exception | None = None
        self._ended = False
        self._lagging = False
        # The last position that was read.
        self._read: Position | None = None
        # The position to rewind to when the room is joined again.
        self._rewind_to: Position | None = None

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
        # The dropped event may be the gap that belongs to this join; the join alone would hide it.
        if self._events and isinstance(self._events[-1], Joined):
            self._events.pop()

    def end(self, error: Exception | None) -> None:
        """End the queue: the reader receives the queued events, then the error or the end of iteration."""
        self._end, self._ended = error, True
        self._changed.set()

    def reopen(self) -> Position | None:
        """Accept events again after a new join. Return the position to rewind to, if any."""
        self._end, self._ended = None, False
        owed, self._rewind_to = self._rewind_to, None
        return owed

    async def get(self) -> Event:
        """Wait for the next event.

        Raises:
            RuntimeError: another task waits for an event already; each event would reach only one of them.
            StopAsyncIteration: the application left the room or closed the client.
            HubbubError: the room or the client ended for another reason.
        """
        if self._reading:
            raise RuntimeError(
                f"the room {self._room!r} has a reader already: read it in one task and pass the events on, "
                "or use a client of its own"
            )
        self._reading = True
        try:
            while not (self._events or self._lagging or self._ended):
                self._changed.clear()
                await self._changed.wait()
        finally:
            self._reading = False
        return self._next()

    def _next(self) -> Event:
        if not self._events:
            if self._lagging:
                return self._catch_up()
            raise self._end or StopAsyncIteration
        event = self._events.popleft()
        if isinstance(event, Message | Changed | Joined):
            self._read = event.position
        return event

    def _catch_up(self) -> Lagged:
        self._lagging = False
        if self._ended:
            # A room that was left cannot be rewound before the next join.
            self._rewind_to = self._read
        elif self._read is not None:
            self._rewind(self._read)
        return Lagged(room=self._room)
