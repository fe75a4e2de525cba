"""Edits, deletions and reactions on real nodes and brokers, also when a node is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from hubbub_client import Changed, Client, Message, Room, SendFailed, fold
from tests.contract.nats_server import NatsServer
from tests.contract.redis_server import RedisServer
from tests.contract.server import Server, running
from tests.hubbub_cli.server import serving

KEY = "the-key-of-the-programs"
LIMIT = 30


@pytest.fixture(params=["redis", "nats"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def backbone(name: str) -> Iterator[Server]:
    with running(RedisServer() if name == "redis" else NatsServer()) as server:
        yield server


@pytest.fixture
def urls(name: str, backbone: Server) -> Iterator[list[str]]:
    """Start two nodes."""
    settings = {"BROKER": name, f"{name.upper()}_URL": backbone.url, "HUBBUB_API_KEY": KEY}
    with ExitStack() as nodes:
        yield [nodes.enter_context(serving(**settings)).url for _ in range(2)]


async def read_until(room: Room, shown: dict[int, Message], last: int) -> None:
    """Read messages and changes up to an offset, and apply the changes."""
    async with asyncio.timeout(LIMIT):
        async for event in room:
            _apply(shown, event)
            if isinstance(event, Message | Changed) and event.position.offset >= last:
                return


def _apply(shown: dict[int, Message], event: object) -> None:
    if isinstance(event, Message):
        shown[event.position.offset] = event
    elif isinstance(event, Changed) and event.target.offset in shown:
        shown[event.target.offset] = fold(shown[event.target.offset], [event])


def seen(messages: dict[int, Message]) -> list[tuple[str, bool, list[tuple[str, int]]]]:
    """Return what is shown of each message: the text, whether it was deleted, and the reactions."""
    return [
        (each.text, each.deleted is not None, [(one.emoji, len(one.users)) for one in each.reactions])
        for _, each in sorted(messages.items())
    ]


async def test_changes_are_the_same_on_every_node(urls: list[str]) -> None:
    async with Client(urls[0], name="ann") as ann, Client(urls[1], name="bob") as bob:
        here, there = await ann.join("lobby"), await bob.join("lobby")
        at = [(await here.send(text)).position for text in ("one", "secret", "three")]
        await there.send("four", reply_to=at[0])
        await here.edit(at[0], "uno")
        await here.edit(at[1], "secret too")
        await here.react(at[2], ":a:")
        await there.react(at[2], ":a:")
        await there.react(at[0], "\U0001f44d")
        await there.unreact(at[0], "\U0001f44d")
        with pytest.raises(SendFailed) as refused:
            await there.delete(at[1])
        assert refused.value.code == "forbidden"
        last = await here.delete(at[1])
        wanted = [
            ("uno", False, []),
            ("", True, []),
            ("three", False, [(":a:", 2)]),
            ("four", False, []),
        ]
        for room in (here, there):
            shown: dict[int, Message] = {}
            await read_until(room, shown, last.position.offset)
            assert seen(shown) == wanted
        for url in urls:
            assert await late(url) == wanted
            await check_api(url)


async def late(url: str) -> list[tuple[str, bool, list[tuple[str, int]]]]:
    """Return what a client sees that joins now, and check the reply."""
    async with Client(url, name="carl") as carl:
        room = await carl.join("lobby", history=True)
        shown: dict[int, Message] = {}
        async with asyncio.timeout(LIMIT):
            while len(shown) < 4:
                _apply(shown, await anext(room))
        first, *_, reply = (each for _, each in sorted(shown.items()))
        assert reply.reply_to == first.position
        return seen(shown)


async def check_api(url: str) -> None:
    """Check that the HTTP API has the same, also of a room that is not open on its node."""
    async with httpx.AsyncClient() as client:
        path = f"{url.replace('ws:', 'http:')}/api/rooms/lobby/messages"
        answer = await client.get(path, headers={"Authorization": f"Bearer {KEY}"})
    assert "secret" not in answer.text
    assert [message["text"] for message in answer.json()["messages"]] == ["uno", "", "three", "four"]


async def test_changes_survive_a_killed_node(tmp_path: Path) -> None:
    settings = {
        "ARCHIVE_URL": "sqlite:///hubbub.sqlite",
        "HUBBUB_DATA": str(tmp_path),
        # Less than is said: pages are read from the archive.
        "HUBBUB_HISTORY_ENTRIES": "5",
        "HUBBUB_LOG_ENTRIES": "5",
        "HUBBUB_API_KEY": KEY,
    }
    with serving(**settings) as server:
        async with Client(server.url, name="ann") as ann:
            room = await ann.join("lobby")
            at = [(await room.send(text)).position for text in ("one", "secret", "three", "four")]
            await room.edit(at[0], "uno")
            await room.edit(at[1], "secret too")
            await room.delete(at[1])
            for number in range(12):
                await room.react(at[2], f":e{number}:")
            await asyncio.to_thread(server.restart)
            await room.edit(at[3], "vier")
            shown: dict[int, Message] = {}
            await read_until(room, shown, at[3].offset + 3 + 12 + 1)
        everything = [(f":e{number}:", 1) for number in range(12)]
        wanted = [("uno", False, []), ("", True, []), ("three", False, everything), ("vier", False, [])]
        assert seen(shown) == wanted
        await asyncio.to_thread(server.restart)
        async with Client(server.url, name="bob") as bob:
            room = await bob.join("lobby")
            page = await room.older()
            while page.more and len(page.messages) < 4:
                older = await room.older()
                page = type(page)(messages=(*older.messages, *page.messages), more=older.more)
            assert seen({message.position.offset: message for message in page.messages}) == wanted
