"""The mock server is a server to the client: rooms, history, recovery and rejections."""

import asyncio

import pytest

from hubbub_client import Client, Gap, Joined, Message, Presence, SendFailed, Typing
from hubbub_client.testing import MockServer
from tests.hubbub_client.joined_room import AT_ONCE


async def test_clients_talk_and_see_each_other() -> None:
    async with (
        MockServer() as server,
        Client(server.url, name="ann", options=AT_ONCE) as ann,
        Client(server.url, name="bob", options=AT_ONCE) as bob,
    ):
        here = await ann.join("lobby")
        there = await bob.join("lobby")
        assert there.members.names == ("ann", "bob")
        receipt = await there.send("hello")
        again = await there.send("hello", receipt.key)
        assert (receipt.duplicate, again.duplicate) == (False, True)
        there.typing()
        seen = [await anext(here) for _ in range(4)]
        assert [type(event) for event in seen] == [Joined, Presence, Message, Typing]
        assert server.texts("lobby") == ["hello"]


async def test_a_client_recovers_what_it_missed() -> None:
    async with MockServer() as server, Client(server.url, options=AT_ONCE) as chat:
        await server.say("lobby", "bob", "before")
        room = await chat.join("lobby")
        await server.drop_connections()
        await server.say("lobby", "bob", "meanwhile")
        texts = []
        async for event in room:
            assert not isinstance(event, Gap)
            if isinstance(event, Message):
                texts.append(event.text)
                break
        assert texts == ["meanwhile"]
        assert [message.text for message in (await room.older()).messages] == ["before"]


async def test_a_send_can_be_rejected() -> None:
    async with MockServer() as server, Client(server.url, options=AT_ONCE) as chat:
        room = await chat.join("lobby")
        server.reject_next_send()
        with pytest.raises(SendFailed, match="rejected by the test"):
            await room.send("hello")
        await room.send("hello")
        assert server.texts("lobby") == ["hello"]


async def test_history_is_paged() -> None:
    async with MockServer() as server, Client(server.url, options=AT_ONCE) as chat:
        for number in range(120):
            await server.say("lobby", "bob", str(number))
        room = await chat.join("lobby")
        pages = [await room.older() for _ in range(3)]
        assert [len(page.messages) for page in pages] == [50, 50, 20]
        assert [page.more for page in pages] == [True, True, False]
        names = await room.names()
        assert names is not None
        assert names.count == 1
        room.leave()
        await asyncio.sleep(0)
