"""Read marks and the rooms of the user, against a scripted server."""

import asyncio

from hubbub_client import Client, Message, Position, ReadMark, UserRoom, UserRooms
from hubbub_protocol import commands, events
from tests.hubbub_client.joined_room import AT_ONCE
from tests.hubbub_client.server import Server

MEMBERS = events.Members(count=1, names=["ann"], more=False)


async def test_a_mark_comes_with_the_join_and_moves(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk = await server.accept()
        await talk.greet()
        joining = tasks.create_task(chat.join("lobby"))
        asked = await talk.receive()
        assert isinstance(asked, commands.Join)
        await talk.say(
            events.Joined(
                id=asked.id,
                room="lobby",
                epoch="e",
                head=9,
                recovered=False,
                messages=[],
                members=MEMBERS,
                mark=ReadMark(epoch="e", offset=4, unread=5, mentions=1),
            )
        )
        room = await joining
        assert room.mark == ReadMark(epoch="e", offset=4, unread=5, mentions=1)
        room.read(7)
        read = await talk.receive()
        assert isinstance(read, commands.Read)
        assert (read.room, read.offset, read.epoch) == ("lobby", 7, "e")
        await talk.say(events.Marked(id=read.id, room="lobby", epoch="e", offset=7, unread=2))
        message = events.Message(room="lobby", offset=10, prev=9, key="k", user="bob", text="hi", at=5)
        await talk.say(message)
        while not isinstance(await anext(room), Message):
            pass
        assert room.mark == ReadMark(epoch="e", offset=7, unread=2)


async def test_a_page_of_the_users_rooms_is_read_or_none(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk = await server.accept()
        await talk.greet()
        await chat.online()
        reading = tasks.create_task(chat.rooms())
        listing = await talk.receive()
        assert isinstance(listing, commands.ListOwnRooms)
        rooms = [events.OwnRoom(room="lobby", epoch="e", offset=7, unread=2, mentions=1, at=70)]
        await talk.say(events.OwnRooms(id=listing.id, rooms=rooms, more=True, after="lobby"))
        assert await reading == UserRooms(
            rooms=(UserRoom(name="lobby", read=Position("e", 7), unread=2, mentions=1, at=70),), after="lobby"
        )
        further = tasks.create_task(chat.rooms("lobby"))
        listing = await talk.receive()
        assert isinstance(listing, commands.ListOwnRooms)
        assert listing.after == "lobby"
        await talk.say(events.Error(id=listing.id, code="forbidden", message="sign in", retry=False))
        assert await further is None
