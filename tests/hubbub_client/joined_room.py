"""A client that has joined a room."""

import asyncio

from hubbub_client import (
    Client,
    Event,
    Options,
    Room,
)
from hubbub_protocol import events
from tests.hubbub_client.server import Server, Talk

# No waits: these tests check what happens, not when.
AT_ONCE = Options(random=lambda: 0.0, within=5)


async def joined(server: Server, chat: Client, *messages: events.Message) -> tuple[Talk, Room]:
    """Accept a client, and join it to a live room."""
    talk = await server.accept()
    await talk.greet()
    async with asyncio.TaskGroup() as tasks:
        joining = tasks.create_task(chat.join("lobby", history=True))
        await talk.let_in(*messages)
    return talk, joining.result()


async def next_events(room: Room, number: int) -> list[Event]:
    return [await anext(room) for _ in range(number)]


async def remaining_events(room: Room) -> list[Event]:
    return [event async for event in room]
