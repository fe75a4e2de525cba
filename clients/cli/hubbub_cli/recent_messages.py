"""Read the last messages of a room right after joining it."""

import asyncio
from contextlib import suppress
from typing import Final

from msgspec import Struct

from hubbub_cli.errors import RejectedByServer
from hubbub_client import Changed, Event, Gap, HistoryPage, Joined, Message, Room

# Attempts to read a page that is unavailable for the moment.
_TRIES: Final = 3
# In seconds. The events have arrived already, unless the room is reset at this moment.
_LIMIT: Final = 5.0


class HistoryStart(Struct, frozen=True, kw_only=True):
    """Where to begin: with the last `most` messages, after an offset, or at a time in ms since 1970."""

    most: int | None = None
    offset: int | None = None
    at: int | None = None

    def reached_by(self, messages: list[Message]) -> bool:
        """Return whether messages before these are not wanted."""
        if self.most is not None and len(messages) >= self.most:
            return True
        return bool(messages) and not self._wants(messages[0])

    def cut(self, messages: list[Message]) -> list[Message]:
        wanted = [message for message in messages if self._wants(message)]
        return wanted if self.most is None else wanted[max(0, len(wanted) - self.most) :]

    def _wants(self, message: Message) -> bool:
        after = self.offset is None or message.position.offset > self.offset
        return after and (self.at is None or message.at >= self.at)


async def recent_messages(room: Room, start: HistoryStart) -> list[Message]:
    """Return the messages from a start on. The room continues after them.

    Raises:
        TimedOut: the server does not reply.
    """
    messages = [event for event in await events_so_far(room) if isinstance(event, Message)]
    more = True
    while more and not start.reached_by(messages):
        page = await _page(room)
        messages[:0] = page.messages
        more = page.more and bool(page.messages)
    return start.cut(messages)


async def events_so_far(room: Room, *, since: bool = False) -> list[Event]:
    """Return the events since the join, up to the current position. `since`: joined with a position."""
    events: list[Event] = []
    gap_due = reached = False
    with suppress(TimeoutError):
        async with asyncio.timeout(_LIMIT):
            async for event in room:
                events.append(event)
                if isinstance(event, Joined):
                    gap_due = since and not event.recovered
                gap_due = gap_due and not isinstance(event, Gap)
                if isinstance(event, Joined | Message | Changed):
                    # Behind the last message there may be changes, which a join has in its messages.
                    reached = event.position in {room.position, room.newest}
                if reached and not gap_due:
                    break
    return events


async def _page(room: Room) -> HistoryPage:
    """Read a page; retry one that is empty although there are more messages."""
    page = await room.older()
    for _ in range(_TRIES - 1):
        if page.messages or not page.more:
            break
        page = await room.older()
    return page


async def thread_messages(room: Room, root: int, most: int | None) -> list[Message]:
    """Return the message at an offset and the replies in its thread: the last `most`, or all.

    Raises:
        RejectedByServer: the server can't read it now.
        TimedOut: the server does not reply.
    """
    messages: list[Message] = []
    before: int | None = None
    while True:
        page = await room.thread(root, before)
        if page is None:
            raise RejectedByServer(
                f"The thread of message {root} can't be read now. Try again.", code="unavailable"
            )
        messages[:0] = page.messages
        before = page.before
        if before is None or (most is not None and len(messages) >= most):
            return messages if most is None else messages[-most:]
