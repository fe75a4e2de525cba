"""A program that joins a room receives what is new to it, once; history only if it asks."""

import asyncio

from hubbub_client import Client, Joined, Lagged, Message, Options, Position, Room
from hubbub_protocol import commands, events
from tests.hubbub_client.joined_room import AT_ONCE, next_events
from tests.hubbub_client.server import Server, Talk, message


async def entered(
    server: Server,
    chat: Client,
    *messages: events.Message,
    history: bool = False,
    since: Position | None = None,
    recovered: bool = False,
) -> tuple[Talk, Room]:
    talk = await server.accept()
    await talk.greet()
    async with asyncio.TaskGroup() as tasks:
        joining = tasks.create_task(chat.join("lobby", history=history, since=since))
        await talk.let_in(*messages, recovered=recovered)
    return talk, joining.result()


async def texts(room: Room, number: int) -> list[str]:
    return [event.text for event in await next_events(room, number) if isinstance(event, Message)]


async def test_messages_before_the_join_are_kept_back(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        talk, room = await entered(server, chat, message(6, "old"), message(7, "also old"))
        await talk.say(message(8, "new"))
        here, new = await next_events(room, 2)
        assert here == Joined(room="lobby", position=Position("e1", 7), recovered=False)
        assert isinstance(new, Message)
        assert (new.text, new.live) == ("new", True)


async def test_the_first_page_is_what_was_kept_back(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await entered(server, chat, message(6, "old"), message(7, "also old"))
        page = await room.older()
        assert [(one.text, one.live) for one in page.messages] == [("old", False), ("also old", False)]
        assert page.more
        paging = tasks.create_task(room.older())
        asked = await talk.receive()
        assert isinstance(asked, commands.History)
        assert asked.before == 6
        await talk.say(
            events.MessagesPage(id=asked.id, room="lobby", messages=[message(5, "older")], more=False)
        )
        assert [(one.text, one.live) for one in (await paging).messages] == [("older", False)]


async def test_history_is_not_live(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        talk, room = await entered(server, chat, message(1, "old"), history=True)
        await talk.say(message(2, "new"))
        said = [event for event in await next_events(room, 3) if isinstance(event, Message)]
        assert [(one.text, one.live) for one in said] == [("old", False), ("new", True)]


async def test_missed_messages_are_live(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        talk, room = await entered(server, chat, message(1, "old"))
        await talk.close(1012)
        talk = await server.accept()
        await talk.greet()
        join = await talk.let_in(message(2, "missed"), recovered=True)
        assert join.since == Position("e1", 1)
        assert await texts(room, 3) == ["missed"]


async def test_messages_after_a_stored_position_are_live(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        after = Position("e1", 1)
        _, room = await entered(server, chat, message(2, "missed"), since=after, recovered=True)
        assert await texts(room, 2) == ["missed"]


async def test_a_join_that_does_not_recover_repeats_no_message(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        talk, room = await entered(server, chat, message(1, "old"))
        await talk.say(message(2, "new"))
        assert await texts(room, 2) == ["new"]
        await talk.close(1012)
        talk = await server.accept()
        await talk.greet()
        await talk.let_in(message(1, "old"), message(2, "new"), message(3, "missed"))
        assert await texts(room, 3) == ["missed"]


async def test_all_messages_of_another_epoch_are_live(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        talk, room = await entered(server, chat, message(1, "old"), message(2, "also old"))
        await talk.close(1012)
        talk = await server.accept()
        await talk.greet()
        await talk.let_in(message(1, "first of the new epoch"), epoch="e2")
        assert await texts(room, 4) == ["first of the new epoch"]


async def test_a_slow_reader_misses_nothing_if_its_position_is_gone(server: Server) -> None:
    options = Options(random=lambda: 0.0, within=5, queue=4)
    async with Client(server.url, options=options) as chat:
        talk, room = await entered(server, chat, message(1, "old"))
        await talk.say(*(message(n, str(n)) for n in range(2, 6)))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(room.names())
            who = await talk.receive()
            assert isinstance(who, commands.Who)
            await talk.say(events.MembersPage(id=who.id, room="lobby", count=0, names=[], more=False))
        assert await texts(room, 4) == ["2", "3", "4"]
        assert await anext(room) == Lagged(room="lobby")
        await talk.let_in(message(4, "4"), message(5, "5"))
        assert await texts(room, 3) == ["5"]
