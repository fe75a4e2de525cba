"""The public API of a room, against a scripted server."""

import asyncio

import pytest

from hubbub_client import (
    Client,
    Event,
    Failed,
    Gap,
    Joined,
    Lagged,
    Message,
    Options,
    Position,
    Room,
    RoomRefused,
    SendFailed,
    TimedOut,
)
from hubbub_client.sans_io.status import Online
from hubbub_protocol import commands, events
from tests.hubbub_client.joined_room import AT_ONCE, joined, next_events, remaining_events
from tests.hubbub_client.server import Server, Talk, message


async def test_sends_hello_joins_and_reads(server: Server) -> None:
    async with Client(server.url, name="ann", options=AT_ONCE) as chat:
        talk = await server.accept()
        hello = await talk.greet()
        assert (hello.name, hello.client) == ("ann", "hubbub-python")
        assert await chat.online() == Online("ann")
        async with asyncio.TaskGroup() as tasks:
            joining = tasks.create_task(chat.join("lobby", history=True))
            await talk.let_in(message(1, "one"))
        room = joining.result()
        await talk.say(message(2, "two"))
        here, *said = await next_events(room, 3)
        assert here == Joined(room="lobby", position=Position("e1", 0), recovered=False)
        assert [(one.text, one.position) for one in said if isinstance(one, Message)] == [
            ("one", Position("e1", 1)),
            ("two", Position("e1", 2)),
        ]
        assert room.position == Position("e1", 2)
        assert room.members.names == ("ann",)


async def test_a_second_reader_is_an_error(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        _, room = await joined(server, chat)
        await anext(room)
        first = tasks.create_task(remaining_events(room))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="has a reader already"):
            await anext(room)
        room.leave()
        assert await first == []


async def test_what_cannot_be_sent_is_an_error_of_the_call(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        _, room = await joined(server, chat)
        with pytest.raises(TypeError, match="a message is a string, not int"):
            await room.send(123)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            room.say(b"bytes")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="invalid key 'no spaces'"):
            room.say("hello", "no spaces")


async def test_sends_while_it_reads(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat, message(1, "ping"))
        tasks.create_task(talk.take(2))
        async for event in room:
            if isinstance(event, Message):
                receipt = await room.send("pong", key="k1")
                assert (receipt.position, receipt.duplicate) == (Position("e1", 2), False)
                break


async def test_reconnects_recovers_and_sends_queued_messages(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat, message(1, "one"))
        sending = tasks.create_task(room.send("mine", key="k1"))
        await talk.receive()
        await talk.close(1012)
        talk = await server.accept()
        hello = await talk.greet()
        assert (hello.name, hello.session) == ("ann", "s1")
        join = await talk.let_in(message(2, "two"), recovered=True)
        assert join.since == Position("e1", 1)
        assert (await talk.take(3)).key == "k1"
        assert (await sending).position == Position("e1", 3)
        texts = [event.text for event in await next_events(room, 4) if isinstance(event, Message)]
        assert texts == ["one", "two"]


async def test_a_gap_is_reported(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        talk, room = await joined(server, chat, message(5, "five"))
        await talk.close(4000)
        talk = await server.accept()
        await talk.greet()
        await talk.let_in(message(1, "anew"), epoch="e2")
        _, _, again, gap, anew = await next_events(room, 5)
        assert again == Joined(room="lobby", position=Position("e2", 0), recovered=False)
        assert gap == Gap(room="lobby")
        assert isinstance(anew, Message)
        assert anew.position == Position("e2", 1)


async def test_joins_with_a_stored_position(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk = await server.accept()
        await talk.greet()
        tasks.create_task(chat.join("lobby", since=Position("e1", 41)))
        join = await talk.let_in(message(42, "next"), recovered=True)
        assert join.since == Position("e1", 41)


async def test_a_slow_reader_is_notified_and_then_receives_all_messages(server: Server) -> None:
    options = Options(random=lambda: 0.0, within=5, queue=3)
    async with Client(server.url, options=options) as chat:
        talk, room = await joined(server, chat, message(1, "1"))
        assert [type(event) for event in await next_events(room, 2)] == [Joined, Message]
        await talk.say(*(message(n, str(n)) for n in range(2, 8)))
        # The reply comes after the messages, so all of them have arrived.
        await answered(talk, room)
        assert texts(await next_events(room, 3)) == ["2", "3", "4"]
        assert await anext(room) == Lagged(room="lobby")
        join = await talk.let_in(message(5, "5"), message(6, "6"), recovered=True)
        assert join.since == Position("e1", 4)
        assert texts(await next_events(room, 3)) == ["5", "6"]
        await talk.say(message(7, "7"))
        assert texts(await next_events(room, 1)) == ["7"]


async def test_a_page_that_is_larger_than_the_queue_is_read_in_parts(server: Server) -> None:
    options = Options(random=lambda: 0.0, within=5, queue=3)
    async with Client(server.url, options=options) as chat:
        talk, room = await joined(server, chat, *(message(n, str(n)) for n in range(1, 6)))
        read = texts(await next_events(room, 3))
        assert await anext(room) == Lagged(room="lobby")
        join = await talk.let_in(*(message(n, str(n)) for n in range(3, 6)), recovered=True)
        assert join.since == Position("e1", 2)
        read += texts(await next_events(room, 3))
        assert await anext(room) == Lagged(room="lobby")
        await talk.let_in(message(5, "5"), recovered=True)
        assert read + texts(await next_events(room, 2)) == ["1", "2", "3", "4", "5"]


async def test_a_gap_that_overflows_the_queue_is_reported_later(server: Server) -> None:
    options = Options(random=lambda: 0.0, within=5, queue=2)
    async with Client(server.url, options=options) as chat:
        talk, room = await joined(server, chat, message(1, "1"))
        await next_events(room, 2)
        await talk.say(message(2, "2"))
        await talk.close(1012)
        talk = await server.accept()
        await talk.greet()
        await talk.let_in(message(8, "8", prev=7), epoch="e2")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(room.send("sent when the room is live again"))
            await talk.take(9)
        assert texts([await anext(room)]) == ["2"], "the join without its gap must not be reported"
        assert await anext(room) == Lagged(room="lobby")
        join = await talk.let_in(message(8, "8", prev=7), epoch="e2")
        assert join.since == Position("e1", 2)
        assert [type(event) for event in await next_events(room, 3)] == [Joined, Gap, Lagged]


async def test_messages_that_a_slow_reader_missed_arrive_after_the_next_join(server: Server) -> None:
    options = Options(random=lambda: 0.0, within=5, queue=2)
    async with Client(server.url, options=options) as chat:
        talk, room = await joined(server, chat, message(1, "1"))
        await next_events(room, 2)
        await talk.say(*(message(n, str(n)) for n in range(2, 6)))
        await answered(talk, room)
        room.leave()
        assert isinstance(await talk.receive(), commands.Leave)
        assert texts(await remaining_events(room)) == ["2", "3"]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(chat.join("lobby"))
            assert isinstance(await talk.receive(), commands.Join)
            join = await talk.let_in(message(4, "4"), message(5, "5"), recovered=True)
        assert join.since == Position("e1", 3)
        assert texts(await next_events(room, 2)) == ["4"]


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Message)]


async def answered(talk: Talk, room: Room) -> None:
    """Send a command and its reply, so that all earlier events have arrived."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(room.names())
        who = await talk.receive()
        assert isinstance(who, commands.Who)
        await talk.say(events.MembersPage(id=who.id, room="lobby", count=0, names=[], more=False))


async def test_a_rejected_room_raises(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk = await server.accept()
        await talk.greet()
        joining = tasks.create_task(refusal(chat))
        join = await talk.receive()
        assert isinstance(join, commands.Join)
        await talk.say(events.Error(id=join.id, code="forbidden", message="members only", retry=False))
        assert await joining == "forbidden"


async def refusal(chat: Client) -> str:
    with pytest.raises(RoomRefused, match="members only") as caught:
        await chat.join("lobby")
    return caught.value.code


async def test_a_rejected_message_raises_and_can_be_sent_again(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat)
        sending = tasks.create_task(failure(room))
        send = await talk.receive()
        assert isinstance(send, commands.Send)
        await talk.say(events.Error(id=send.id, code="forbidden", message="not here", retry=False))
        assert await sending == "forbidden"
        assert [type(event) for event in await next_events(room, 2)] == [Joined, Failed]
        again = tasks.create_task(room.send("hello", key="k1"))
        await talk.take(1)
        assert (await again).position == Position("e1", 1)


async def failure(room: Room) -> str:
    with pytest.raises(SendFailed, match="not here") as caught:
        await room.send("hello", key="k1")
    return caught.value.code


async def test_a_send_that_takes_too_long_stays_in_the_outbox(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat)
        with pytest.raises(TimedOut):
            await room.send("hello", key="k1", within=0)
        assert [(own.key, own.text, str(own.progress)) for own in room.pending] == [
            ("k1", "hello", "sending")
        ]
        waiting = tasks.create_task(room.send("hello", key="k1"))
        await talk.take(1)
        assert (await waiting).position == Position("e1", 1)


async def test_pages_of_history_and_names(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat, message(7, "seven"))
        paging = tasks.create_task(room.older())
        history = await talk.receive()
        assert isinstance(history, commands.History)
        assert history.before == 7
        await talk.say(
            events.MessagesPage(id=history.id, room="lobby", messages=[message(6, "six")], more=False)
        )
        page = await paging
        assert [one.text for one in page.messages] == ["six"]
        assert not page.more
        asking = tasks.create_task(room.names("ann"))
        who = await talk.receive()
        assert isinstance(who, commands.Who)
        await talk.say(events.MembersPage(id=who.id, room="lobby", count=2, names=["bob"], more=False))
        names = await asking
        assert names is not None
        assert (names.count, names.names) == (2, ("bob",))


async def test_a_room_that_is_left_ends_and_can_be_joined_again(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat, message(1, "one"))
        room.leave()
        assert [type(event) for event in await remaining_events(room)] == [Joined, Message]
        leave = await talk.receive()
        assert isinstance(leave, commands.Leave)
        await talk.say(events.Left(id=leave.id, room="lobby"))
        again = tasks.create_task(chat.join("lobby"))
        assert (await talk.let_in(message(2, "two"), recovered=True)).since == Position("e1", 1)
        assert await again is room
        assert [type(event) for event in await next_events(room, 2)] == [Joined, Message]
