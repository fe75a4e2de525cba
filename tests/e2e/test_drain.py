"""A node is drained while people chat: they move to another one, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from hubbub_client import Client, Message
from tests.e2e.backbones import NAMES, backbone, until_ready_says
from tests.e2e.balancer import balancer
from tests.e2e.crowd import ROOM, Crowd, crowd
from tests.hubbub_cli.server import Server, serving

PEOPLE = 12
PAUSE = 0.02
SETTINGS = {"HUBBUB_DRAIN_SECONDS": "2", "HUBBUB_CLOSE_SECONDS": "2", "HUBBUB_HISTORY_ENTRIES": "100000"}


@pytest.fixture(params=NAMES)
def broker(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    with backbone(str(request.param)) as (_, settings):
        yield settings


@pytest.fixture(params=["1", "2"], ids=["one process", "two workers"])
def nodes(request: pytest.FixtureRequest, broker: dict[str, str]) -> Iterator[list[Server]]:
    """Start two nodes."""
    settings = broker | SETTINGS | {"HUBBUB_WORKERS": str(request.param)}
    with ExitStack() as stack:
        yield [stack.enter_context(serving(**settings)) for _ in range(2)]


async def close_code_of_one_that_stays(server: Server) -> int | None:
    """Connect, listen to nobody who says `drain`, and tell how it ended."""
    async with connect(f"{server.url}/ws", subprotocols=["hubbub.v1"]) as socket:  # type: ignore[list-item]
        await socket.send('{"type": "hello", "id": 1, "name": "stone"}')
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            return socket.close_code


async def drain_under_load(server: Server, gathered: Crowd, told: asyncio.Event) -> int:
    """Tell a node to go once everybody is at it; give its exit code."""
    await gathered.until(lambda: all(len(person.receipts) > 5 for person in gathered.people))
    server.signal(signal.SIGTERM)
    told.set()
    return await asyncio.to_thread(server.ended)


@pytest.mark.timeout(120)
async def test_clients_of_a_draining_node_move_to_another_and_lose_nothing(nodes: list[Server]) -> None:
    leaving, staying = nodes
    async with asyncio.timeout(100), balancer([leaving.port, staying.port]) as between:
        async with crowd(f"ws://127.0.0.1:{between.port}", PEOPLE) as gathered, asyncio.TaskGroup() as group:
            stone = group.create_task(close_code_of_one_that_stays(leaving))
            told, enough = asyncio.Event(), asyncio.Event()
            talks = [group.create_task(person.talk_until(enough, PAUSE)) for person in gathered.people]
            drained = group.create_task(drain_under_load(leaving, gathered, told))
            await told.wait()
            # Who was told to go at once may meet the leaving node again: the balancer only learns now.
            await until_ready_says(leaving.port, 503)
            between.take_out(leaving.port)
            assert await drained == 0
            assert await stone == 1012
            enough.set()
            await asyncio.wait(talks)
            said = sum(len(person.receipts) for person in gathered.people)
            await gathered.until(lambda: all(len(person.seen) >= said for person in gathered.people))
        gathered.nothing_lost_or_doubled()
    await acknowledged_is_in_the_history(staying, gathered)


async def acknowledged_is_in_the_history(server: Server, gathered: Crowd) -> None:
    """Read the room anew at the node that stayed, from its last message back to the first."""
    receipts = {receipt.position for person in gathered.people for receipt in person.receipts.values()}
    async with Client(server.url) as stranger:
        room = await stranger.join(ROOM)
        page = await room.older()
        kept = [message.position for message in page.messages]
        while page.more and page.messages:
            page = await room.older()
            kept += [message.position for message in page.messages]
        while room.position not in kept:
            event = await anext(room)
            if isinstance(event, Message):
                kept.append(event.position)
    assert receipts == set(kept)
    assert len(kept) == len(receipts)


@pytest.mark.timeout(60)
async def test_a_second_signal_ends_the_process_at_once(nodes: list[Server]) -> None:
    server = nodes[0]
    async with connect(f"{server.url}/ws", subprotocols=["hubbub.v1"]) as socket:  # type: ignore[list-item]
        await socket.send('{"type": "hello", "id": 1}')
        await socket.recv()
        server.signal(signal.SIGTERM)
        assert '"drain"' in str(await socket.recv())
        server.signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.ended) == 128 + signal.SIGTERM
