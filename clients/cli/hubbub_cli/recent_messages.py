"""Read the last messages of a room right after joining it."""

import asyncio
from contextlib import suppress
from typing import Final

from hubbub_client import Event, Gap, HistoryPage, Joined, Message, Room

# Attempts to read a page that is unavailable for the moment.
_TRIES: Final = 3
# In seconds. The events have arrived already, unless the room is reset at this moment.
_LIMIT: Final = 5.0


async def recent_messages(room: Room, most: int | None) -> list[Message]:
    """Return the last messages, at most `most` (None: all that are kept). The room continues after them.

    Raises:
        TimedOut: the server does not reply.
    """
    messages = [event for event in await events_so_far(room) if isinstance(event, Message)]
    more = True
    while more and (most is None or len(messages) < most):
        page = await _page(room)
        messages[:0] = page.messages
        more = page.more and bool(page.messages)
    return messages if most is None else messages[max(0, len(messages) - most) :]


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
                reached = event.position == room.position if isinstance(event, Joined | Message) else reached
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
