"""When a send is settled, against a scripted server."""

import asyncio

from hubbub_client import Client, Joined, Message, Position, Sent
from tests.hubbub_client.joined_room import AT_ONCE, joined, next_events
from tests.hubbub_client.server import Server, message


async def test_only_the_receipt_settles_a_send_whose_message_has_arrived(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat)
        sending = tasks.create_task(room.send("hello", key="k1"))
        await talk.receive()
        await talk.say(message(1, "hello", user="ann", key="k1"))
        assert [type(event) for event in await next_events(room, 2)] == [Joined, Message]
        assert room.pending == ()  # the message is shown in its place
        assert not sending.done()
        await talk.close(1012)
        talk = await server.accept()
        await talk.greet()
        await talk.let_in(recovered=True)
        assert (await talk.take(1, duplicate=True)).key == "k1"
        receipt = await sending
        assert (receipt.position, receipt.duplicate) == (Position("e1", 1), True)
        assert [type(event) for event in await next_events(room, 2)] == [Joined, Sent]
        assert room.pending == ()


async def test_a_message_that_a_failover_lost_is_sent_again(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat)
        sending = tasks.create_task(room.send("hello", key="k1"))
        await talk.receive()
        await talk.say(message(1, "hello", user="ann", key="k1"))
        await next_events(room, 2)
        await talk.close(1012)
        talk = await server.accept()
        await talk.greet()
        await talk.let_in(epoch="e1")
        await next_events(room, 2)
        assert [own.key for own in room.pending] == ["k1"]  # it is not in the room any more
        assert (await talk.take(1_000_001)).key == "k1"
        assert (await sending).position == Position("e1", 1_000_001)
