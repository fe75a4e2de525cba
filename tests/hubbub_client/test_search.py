"""Searching in a room, against a scripted server."""

import asyncio

from hubbub_client import Client, Position
from hubbub_protocol import commands, events
from tests.hubbub_client.joined_room import AT_ONCE, joined
from tests.hubbub_client.server import Server


async def test_a_search_returns_a_page_of_messages_or_none(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat)
        searching = tasks.create_task(room.search("hi"))
        search = await talk.receive()
        assert isinstance(search, commands.Search)
        assert (search.room, search.query, search.before) == ("lobby", "hi", "")
        message = events.Message(room="lobby", offset=5, prev=4, key="k", user="bob", text="hi", at=5)
        hits = [events.Hit(epoch="e0", message=message)]
        await talk.say(events.Found(id=search.id, room="lobby", hits=hits, more="7"))
        found = await searching
        assert found is not None
        assert [(each.text, each.position) for each in found.messages] == [("hi", Position("e0", 5))]
        further = tasks.create_task(room.search("hi", found.more or ""))
        search = await talk.receive()
        assert isinstance(search, commands.Search)
        assert search.before == "7"
        await talk.say(events.Error(id=search.id, code="unavailable", message="not now", retry=True))
        assert await further is None
