"""The shell: what an application sees of a client, against a server that keeps to a script."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import aclosing

import pytest

from hubbub_client import (
    Client,
    Closed,
    Event,
    Failed,
    Gap,
    Joined,
    Lagged,
    Message,
    NameTaken,
    NoToken,
    Options,
    Position,
    Room,
    RoomRefused,
    SendFailed,
    Sent,
    TimedOut,
)
from hubbub_client.core.status import Closed as ClosedStatus
from hubbub_client.core.status import Connecting, Online, Waiting
from hubbub_protocol import commands, events
from tests.hubbub_client.server import Server, Talk, message, serving

# Never waits: what is tested here is what happens, not when.
AT_ONCE = Options(random=lambda: 0.0, within=5)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as here:
        yield here


async def joined(server: Server, chat: Client, *messages: events.Message) -> tuple[Talk, Room]:
    """Let a client in, up to a live room."""
    talk = await server.accept()
    await talk.greet()
    async with asyncio.TaskGroup() as tasks:
        joining = tasks.create_task(chat.join("lobby"))
        await talk.let_in(*messages)
    return talk, joining.result()


async def told(room: Room, number: int) -> list[Event]:
    return [await anext(room) for _ in range(number)]


async def test_says_hello_joins_and_reads(server: Server) -> None:
    async with Client(server.url, name="ann", options=AT_ONCE) as chat:
        talk = await server.accept()
        hello = await talk.greet()
        assert (hello.name, hello.client) == ("ann", "hubbub-python")
        assert await chat.online() == Online("ann")
        async with asyncio.TaskGroup() as tasks:
            joining = tasks.create_task(chat.join("lobby"))
            await talk.let_in(message(1, "one"))
        room = joining.result()
        await talk.say(message(2, "two"))
        here, *said = await told(room, 3)
        assert here == Joined(room="lobby", position=Position("e1", 0), recovered=False)
        assert [(one.text, one.position) for one in said if isinstance(one, Message)] == [
            ("one", Position("e1", 1)),
            ("two", Position("e1", 2)),
        ]
        assert room.position == Position("e1", 2)
        assert room.members.names == ("ann",)


async def test_sends_while_it_reads(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat, message(1, "ping"))
        tasks.create_task(talk.take(2))
        async for event in room:
            if isinstance(event, Message):
                receipt = await room.send("pong", key="k1")
                assert (receipt.position, receipt.duplicate) == (Position("e1", 2), False)
                break


async def test_its_own_message_settles_a_send(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat)
        sending = tasks.create_task(room.send("hello", key="k1"))
        await talk.hear()
        await talk.say(message(1, "hello", user="ann", key="k1"))
        assert (await sending).position == Position("e1", 1)
        assert [type(event) for event in await told(room, 3)] == [Joined, Message, Sent]
        assert room.pending == ()


async def test_comes_back_with_what_was_missed_and_sends_what_was_not_stored(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat, message(1, "one"))
        sending = tasks.create_task(room.send("mine", key="k1"))
        await talk.hear()
        await talk.close(1012)
        talk = await server.accept()
        hello = await talk.greet()
        assert (hello.name, hello.session) == ("ann", "s1")
        join = await talk.let_in(message(2, "two"), recovered=True)
        assert join.since == Position("e1", 1)
        assert (await talk.take(3)).key == "k1"
        assert (await sending).position == Position("e1", 3)
        texts = [event.text for event in await told(room, 4) if isinstance(event, Message)]
        assert texts == ["one", "two"]


async def test_a_gap_is_told(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        talk, room = await joined(server, chat, message(5, "five"))
        await talk.close(4000)
        talk = await server.accept()
        await talk.greet()
        await talk.let_in(message(1, "anew"), epoch="e2")
        _, _, again, gap, anew = await told(room, 5)
        assert again == Joined(room="lobby", position=Position("e2", 0), recovered=False)
        assert gap == Gap(room="lobby")
        assert isinstance(anew, Message)
        assert anew.position == Position("e2", 1)


async def test_joins_behind_a_position_of_earlier(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk = await server.accept()
        await talk.greet()
        tasks.create_task(chat.join("lobby", since=Position("e1", 41)))
        join = await talk.let_in(message(42, "next"), recovered=True)
        assert join.since == Position("e1", 41)


async def test_a_slow_reader_is_told_and_then_given_all_of_it(server: Server) -> None:
    options = Options(random=lambda: 0.0, within=5, queue=3)
    async with Client(server.url, options=options) as chat:
        talk, room = await joined(server, chat, message(1, "1"))
        assert [type(event) for event in await told(room, 2)] == [Joined, Message]
        await talk.say(*(message(n, str(n)) for n in range(2, 8)))
        # The answer comes behind the messages: when it's there, they were all taken.
        await answered(talk, room)
        lagged = await anext(room)
        assert lagged == Lagged(room="lobby")
        join = await talk.let_in(message(2, "2"), message(3, "3"), recovered=True)
        assert join.since == Position("e1", 1)
        assert [type(event) for event in await told(room, 3)] == [Joined, Message, Message]
        await talk.say(message(4, "4"))
        assert [event.text for event in await told(room, 1) if isinstance(event, Message)] == ["4"]


async def answered(talk: Talk, room: Room) -> None:
    """Ask something and have it answered, so that all that was said before has arrived."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(room.names())
        who = await talk.hear()
        assert isinstance(who, commands.Who)
        await talk.say(events.MembersPage(id=who.id, room="lobby", count=0, names=[], more=False))


async def test_leaving_the_block_closes_the_socket_and_ends_what_waits(server: Server) -> None:
    async with asyncio.TaskGroup() as tasks:
        async with Client(server.url, options=AT_ONCE) as chat:
            talk, room = await joined(server, chat)
            reading = tasks.create_task(told_to_the_end(room))
            sending = tasks.create_task(end_of(room.send("never answered")))
            await talk.hear()
            closing = tasks.create_task(talk.closed())
        assert await closing == 1000
        assert [type(event) for event in await reading] == [Joined]
        assert await sending == 1000
    assert await end_of(room.send("too late")) == 1000


async def end_of(call: Coroutine[None, None, object]) -> int | str:
    with pytest.raises(Closed) as caught:
        await call
    return caught.value.code


async def told_to_the_end(room: Room) -> list[Event]:
    return [event async for event in room]


async def test_an_error_of_the_block_goes_on_as_it_is(server: Server) -> None:
    with pytest.raises(ZeroDivisionError):
        async with Client(server.url, options=AT_ONCE):
            _ = 1 // 0


async def test_a_cancelled_block_is_cancelled(server: Server) -> None:
    async def stay() -> None:
        async with Client(server.url, options=AT_ONCE) as chat:
            await chat.online()

    staying = asyncio.ensure_future(stay())
    talk = await server.accept()
    staying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await staying
    assert await talk.closed() is not None


async def test_a_room_that_is_refused_raises(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk = await server.accept()
        await talk.greet()
        joining = tasks.create_task(refusal(chat))
        join = await talk.hear()
        assert isinstance(join, commands.Join)
        await talk.say(events.Error(id=join.id, code="forbidden", message="members only", retry=False))
        assert await joining == "forbidden"


async def refusal(chat: Client) -> str:
    with pytest.raises(RoomRefused, match="members only") as caught:
        await chat.join("lobby")
    return caught.value.code


async def test_a_message_that_is_refused_raises_and_can_be_sent_again(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat)
        sending = tasks.create_task(failure(room))
        send = await talk.hear()
        assert isinstance(send, commands.Send)
        await talk.say(events.Error(id=send.id, code="forbidden", message="not here", retry=False))
        assert await sending == "forbidden"
        assert [type(event) for event in await told(room, 2)] == [Joined, Failed]
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


async def test_a_taken_name_raises_with_a_free_one(server: Server) -> None:
    async with Client(server.url, name="ann", options=AT_ONCE) as chat:
        talk = await server.accept()
        hello = await talk.hear()
        assert isinstance(hello, commands.Hello)
        await talk.say(
            events.Error(id=hello.id, code="name_taken", message="", retry=False, suggestion="ann2")
        )
        with pytest.raises(NameTaken) as caught:
            await chat.online()
        assert caught.value.suggestion == "ann2"
        assert chat.status == ClosedStatus("name_taken", "ann2")
        with pytest.raises(NameTaken):
            await chat.join("lobby")


async def test_the_token_hook_is_asked_and_its_last_word_ends_the_client(server: Server) -> None:
    tokens = iter(["t1"])

    async def hook() -> str:
        await asyncio.sleep(0)
        try:
            return next(tokens)
        except StopIteration:
            raise NoToken from None

    async with Client(server.url, token=hook, options=AT_ONCE) as chat:
        talk = await server.accept()
        assert (await talk.greet()).token == "t1"
        await chat.online()
        await talk.close(4100)
        async with aclosing(chat.statuses()) as statuses:
            last = [status async for status in statuses][-1]
        assert last == ClosedStatus("no_token")


async def test_a_hook_that_fails_is_asked_again(server: Server) -> None:
    answers: Iterator[OSError | str] = iter([OSError("no network"), "t1"])

    async def hook() -> str:
        await asyncio.sleep(0)
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    async with Client(server.url, token=hook, options=AT_ONCE):
        talk = await server.accept()
        assert (await talk.greet()).token == "t1"


async def test_a_server_without_the_subprotocol_is_not_spoken_to() -> None:
    async with serving(subprotocol=False) as server, Client(server.url, options=AT_ONCE) as chat:
        talk = await server.accept()
        with pytest.raises(Closed) as caught:
            await chat.online()
        assert caught.value.code == 1002
        assert await talk.closed() == 1002


async def test_a_server_that_is_not_there_is_tried_again_and_the_reason_told() -> None:
    async with serving() as server:
        url = server.url
    options = Options(random=lambda: 0.999, within=0)
    async with Client(url, options=options) as chat:
        async with aclosing(chat.statuses()) as statuses:
            assert await anext(statuses) == Connecting(0)
            assert isinstance(await anext(statuses), Waiting)
        assert isinstance(chat.trouble, OSError)
        assert 0 < (chat.retry_in or 0) < 1
        with pytest.raises(TimedOut):
            await chat.online()


async def test_a_frame_that_makes_no_sense_is_ignored(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        talk, room = await joined(server, chat)
        await talk.say_text("nonsense")
        await talk.say_text('{"type": "from_the_future"}')
        await talk.say(message(1, "one"))
        assert [type(event) for event in await told(room, 2)] == [Joined, Message]


async def test_pages_of_history_and_names(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat, message(7, "seven"))
        paging = tasks.create_task(room.older())
        history = await talk.hear()
        assert isinstance(history, commands.History)
        assert history.before == 7
        await talk.say(events.Page(id=history.id, room="lobby", messages=[message(6, "six")], more=False))
        page = await paging
        assert [one.text for one in page.messages] == ["six"]
        assert not page.more
        asking = tasks.create_task(room.names("ann"))
        who = await talk.hear()
        assert isinstance(who, commands.Who)
        await talk.say(events.MembersPage(id=who.id, room="lobby", count=2, names=["bob"], more=False))
        names = await asking
        assert names is not None
        assert (names.count, names.names) == (2, ("bob",))


async def test_a_room_that_is_left_ends_and_can_be_joined_again(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat, asyncio.TaskGroup() as tasks:
        talk, room = await joined(server, chat, message(1, "one"))
        room.leave()
        assert [type(event) for event in await told_to_the_end(room)] == [Joined, Message]
        leave = await talk.hear()
        assert isinstance(leave, commands.Leave)
        await talk.say(events.Left(id=leave.id, room="lobby"))
        again = tasks.create_task(chat.join("lobby"))
        assert (await talk.let_in(message(2, "two"), recovered=True)).since == Position("e1", 1)
        assert await again is room
        assert [type(event) for event in await told(room, 2)] == [Joined, Message]
