"""The last messages of a room, read when one has just come in."""

import asyncio
from contextlib import suppress
from typing import Final

from hubbub_client import Event, Gap, HistoryPage, Joined, Message, Room

# Tries of a page that could not be had for the moment.
_TRIES: Final = 3
# In seconds. It's all here already, unless the room leaps at this very moment.
_LIMIT: Final = 5.0


async def recent_messages(room: Room, most: int | None) -> list[Message]:
    """Give the last messages up to now, at most so many (None: all that are kept). The room goes on behind.

    Raises:
        TimedOut: the server doesn't answer.
    """
    messages = [event for event in await events_so_far(room) if isinstance(event, Message)]
    more = True
    while more and (most is None or len(messages) < most):
        page = await _page(room)
        messages[:0] = page.messages
        more = page.more and bool(page.messages)
    return messages if most is None else messages[max(0, len(messages) - most) :]


async def events_so_far(room: Room, *, since: bool = False) -> list[Event]:
    """Read what has come since the room was joined, up to where it is now. `since`: from a position."""
    told: list[Event] = []
    gap_due = reached = False
    with suppress(TimeoutError):
        async with asyncio.timeout(_LIMIT):
            async for event in room:
                told.append(event)
                if isinstance(event, Joined):
                    gap_due = since and not event.recovered
                gap_due = gap_due and not isinstance(event, Gap)
                reached = event.position == room.position if isinstance(event, Joined | Message) else reached
                if reached and not gap_due:
                    break
    return told


async def _page(room: Room) -> HistoryPage:
    """Read a page; one that's empty though there are more is asked for again."""
    page = await room.older()
    for _ in range(_TRIES - 1):
        if page.messages or not page.more:
            break
        page = await room.older()
    return page
