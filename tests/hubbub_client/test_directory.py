"""Reading the directory, against a scripted server."""

import asyncio

from hubbub_client import Client, ListedRoom, ListedRooms, Position
from hubbub_protocol import commands, events
from tests.hubbub_client.joined_room import AT_ONCE
from tests.hubbub_client.server import Server


async def test_a_page_of_the_directory_is_read_or_none(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        assert await chat.directory() is None
        talk = await server.accept()
        await talk.greet()
        await chat.online()
        reading = tasks.create_task(chat.directory("de"))
        asked = await talk.receive()
        assert isinstance(asked, commands.Directory)
        assert (asked.prefix, asked.after) == ("de", "")
        rooms = [
            events.RoomInfo(room="den", members=2, epoch="e", offset=7, at=70),
            events.RoomInfo(room="desk", members=0),
        ]
        await talk.say(
            events.DirectoryPage(id=asked.id, rooms=rooms, more=True, complete=False, after="desk")
        )
        assert await reading == ListedRooms(
            rooms=(
                ListedRoom(name="den", members=2, newest=Position("e", 7), at=70),
                ListedRoom(name="desk", members=0, newest=None, at=None),
            ),
            after="desk",
            complete=False,
        )
        further = tasks.create_task(chat.directory("de", "desk"))
        asked = await talk.receive()
        assert isinstance(asked, commands.Directory)
        assert asked.after == "desk"
        await talk.say(events.Error(id=asked.id, code="rate_limited", message="later", retry=True))
        assert await further is None
