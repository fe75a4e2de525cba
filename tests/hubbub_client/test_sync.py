"""The client without asyncio, in an ordinary program."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from hubbub_client import Joined, Message, Position, SendFailed, position_from_json, position_to_json
from hubbub_client.sync import SyncClient
from hubbub_client.testing import MockServer
from tests.hubbub_client.joined_room import AT_ONCE


@pytest.fixture
def server() -> Iterator[MockServer]:
    """Run a server in a thread: the tests here have no event loop."""
    mock, ready, leave = MockServer(), threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def stay() -> None:
        async with mock:
            loops.append(asyncio.get_running_loop())
            ready.set()
            await leave.wait()

    thread = threading.Thread(target=lambda: asyncio.run(stay()))
    thread.start()
    ready.wait()
    yield mock
    loops[0].call_soon_threadsafe(leave.set)
    thread.join()


def test_each_call_blocks(server: MockServer) -> None:
    with SyncClient(server.url, name="ann", options=AT_ONCE) as chat:
        assert chat.online() == "ann"
        room = chat.join("lobby")
        receipt = room.send("hello")
        events = list(room.events(timeout=0.05))
        assert [type(event) for event in events if isinstance(event, Joined | Message)] == [Joined, Message]
        assert room.position == receipt.position
        assert room.older().more is False
        assert room.set_topic("tea").offset == receipt.position.offset + 1
        list(room.events(timeout=0.05))
        assert room.topic == "tea"
        names = room.names()
        assert names is not None
        assert names.names == ("ann",)
        room.leave()
        assert list(room.events()) == []


def test_errors_are_raised_in_the_calling_thread(server: MockServer) -> None:
    with SyncClient(server.url, options=AT_ONCE) as chat:
        room = chat.join("lobby")
        server.reject_next_send()
        with pytest.raises(SendFailed):
            room.send("hello")
    with pytest.raises(RuntimeError, match="in a with block"):
        room.send("too late")


def test_a_program_that_ended_resumes_at_its_position(server: MockServer) -> None:
    with SyncClient(server.url, name="ann", options=AT_ONCE) as chat:
        kept = position_to_json(chat.join("lobby").send("one").position)
        chat.join("lobby").send("two")
    with SyncClient(server.url, name="ann", options=AT_ONCE) as chat:
        room = chat.join("lobby", since=position_from_json(kept))
        texts = [event.text for event in room.events(timeout=0.05) if isinstance(event, Message)]
        assert texts == ["two"]


def test_a_position_is_json() -> None:
    assert position_to_json(Position("e1", 41)) == '{"epoch":"e1","offset":41}'
    assert position_from_json(b'{"epoch":"e1","offset":41}') == Position("e1", 41)
    for wrong in ("", "[]", '{"epoch":"","offset":1}', '{"epoch":"e","offset":-1}', b"\xff"):
        with pytest.raises(ValueError, match="not a position"):
            position_from_json(wrong)
