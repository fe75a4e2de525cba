"""Setting the topic of a room, against a scripted server."""

import asyncio

import pytest

from hubbub_client import Client, Position, TopicNotSet
from hubbub_protocol import commands, events
from tests.hubbub_client.joined_room import AT_ONCE, joined
from tests.hubbub_client.server import Server


async def test_a_topic_is_set_or_the_reason_is_raised(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat)
        setting = tasks.create_task(room.set_topic("tea"))
        command = await talk.receive()
        assert isinstance(command, commands.SetTopic)
        assert (command.room, command.text) == ("lobby", "tea")
        await talk.say(events.Sent(id=command.id, epoch="e1", offset=7, duplicate=False))
        assert await setting == Position("e1", 7)
        refused = asyncio.ensure_future(room.set_topic(""))
        command = await talk.receive()
        assert isinstance(command, commands.SetTopic)
        await talk.say(events.Error(id=command.id, code="forbidden", message="no", retry=False))
        with pytest.raises(TopicNotSet, match="only its moderators may set it") as raised:
            await refused
        assert raised.value.code == "forbidden"
