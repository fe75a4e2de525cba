"""The public API of the client, against a scripted server."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import aclosing

import pytest

from hubbub_client import (
    Client,
    ClientClosed,
    Joined,
    Message,
    NameTaken,
    NoToken,
    Options,
    TimedOut,
)
from hubbub_client.sans_io.status import Closed, Connecting, Waiting
from hubbub_protocol import commands, events
from tests.hubbub_client.joined_room import AT_ONCE, joined, next_events, remaining_events
from tests.hubbub_client.server import Server, message, serving


async def test_leaving_the_block_closes_the_socket_and_ends_waiting_calls(server: Server) -> None:
    async with asyncio.TaskGroup() as tasks:
        async with Client(server.url, options=AT_ONCE) as chat:
            talk, room = await joined(server, chat)
            reading = tasks.create_task(remaining_events(room))
            sending = tasks.create_task(end_of(room.send("never answered")))
            await talk.receive()
            closing = tasks.create_task(talk.closed())
        assert await closing == 1000
        assert [type(event) for event in await reading] == [Joined]
        assert await sending == 1000
    assert await end_of(room.send("too late")) == 1000


async def end_of(call: Coroutine[None, None, object]) -> int | str:
    with pytest.raises(ClientClosed) as caught:
        await call
    return caught.value.code


async def test_an_error_of_the_block_propagates_unchanged(server: Server) -> None:
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


async def test_a_client_that_is_cancelled_while_it_closes_ends_at_once(server: Server) -> None:
    chats: asyncio.Queue[Client] = asyncio.Queue()
    leave = asyncio.Event()

    async def stay() -> None:
        async with Client(server.url, options=Options(close_timeout=60)) as chat:
            await chat.online()
            chats.put_nowait(chat)
            await leave.wait()

    staying = asyncio.ensure_future(stay())
    talk = await server.accept()
    await talk.greet()
    chat = await chats.get()
    talk.stop_reading()  # its side of the close never comes
    leave.set()
    async with aclosing(chat.statuses()) as statuses:
        assert [status async for status in statuses][-1] == Closed(1000)
    staying.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await staying
    talk.abort()


async def test_a_name_in_use_raises_with_a_free_name(server: Server) -> None:
    async with Client(server.url, name="ann", options=AT_ONCE) as chat:
        talk = await server.accept()
        hello = await talk.receive()
        assert isinstance(hello, commands.Hello)
        await talk.say(
            events.Error(id=hello.id, code="name_taken", message="", retry=False, suggestion="ann2")
        )
        with pytest.raises(NameTaken) as caught:
            await chat.online()
        assert caught.value.suggestion == "ann2"
        assert chat.status == Closed("name_taken", "ann2")
        with pytest.raises(NameTaken):
            await chat.join("lobby")


async def test_the_token_hook_is_called_and_no_token_closes_the_client(server: Server) -> None:
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
        assert last == Closed("no_token")


async def test_a_failed_token_hook_is_called_again(server: Server) -> None:
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


async def test_a_server_without_the_subprotocol_receives_nothing() -> None:
    async with serving(subprotocol=False) as server, Client(server.url, options=AT_ONCE) as chat:
        talk = await server.accept()
        with pytest.raises(ClientClosed) as caught:
            await chat.online()
        assert caught.value.code == 1002
        assert await talk.closed() == 1002


async def test_an_unreachable_server_is_retried_and_the_reason_reported() -> None:
    async with serving() as server:
        url = server.url
    options = Options(random=lambda: 0.999, within=0)
    async with Client(url, options=options) as chat:
        async with aclosing(chat.statuses()) as statuses:
            assert await anext(statuses) == Connecting(0)
            assert isinstance(await anext(statuses), Waiting)
        assert isinstance(chat.connection_error, OSError)
        assert 0 < (chat.retry_in or 0) < 1
        with pytest.raises(TimedOut, match="cannot connect to ws://"):
            await chat.online()
        with pytest.raises(TimedOut, match="cannot connect to ws://"):
            await chat.join("lobby")


async def test_a_reservation_is_used_once_in_the_url(server: Server) -> None:
    async with Client(f"{server.url}/ws?x=1", options=AT_ONCE) as chat:
        first = await server.accept()
        await first.say(events.Drain(delay=1, booked=True))
        second = await server.accept()
        await second.greet()
        await chat.online()
        await second.close(1012)
        third = await server.accept()
        assert [talk.path for talk in (first, second, third)] == ["/ws?x=1", "/ws?x=1&booked=1", "/ws?x=1"]


async def test_an_invalid_frame_is_ignored(server: Server) -> None:
    async with Client(server.url, options=AT_ONCE) as chat:
        talk, room = await joined(server, chat)
        await talk.say_text("nonsense")
        await talk.say_text('{"type": "from_the_future"}')
        await talk.say(message(1, "one"))
        assert [type(event) for event in await next_events(room, 2)] == [Joined, Message]
