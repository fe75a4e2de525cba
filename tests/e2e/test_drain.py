"""A graceful shutdown while users chat: they move to another node, nothing is lost or duplicated."""

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

USERS = 12
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


async def stay_until_closed(server: Server) -> int | None:
    """Connect, ignore `drain`, and return the close code."""
    async with connect(f"{server.url}/ws", subprotocols=["hubbub.v1"]) as socket:  # type: ignore[list-item]
        await socket.send('{"type": "hello", "id": 1, "name": "eve"}')
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            return socket.close_code


async def drain_under_load(server: Server, gathered: Crowd, signalled: asyncio.Event) -> int:
    """Send SIGTERM to a node once all users have sent messages; return its exit code."""
    await gathered.until(lambda: all(len(user.receipts) > 5 for user in gathered.users))
    server.signal(signal.SIGTERM)
    signalled.set()
    return await asyncio.to_thread(server.ended)


@pytest.mark.timeout(120)
async def test_clients_of_a_draining_node_move_to_another_and_lose_nothing(nodes: list[Server]) -> None:
    leaving, staying = nodes
    async with asyncio.timeout(100), balancer([leaving.port, staying.port]) as proxy:
        async with crowd(f"ws://127.0.0.1:{proxy.port}", USERS) as gathered, asyncio.TaskGroup() as group:
            staying_client = group.create_task(stay_until_closed(leaving))
            signalled, enough = asyncio.Event(), asyncio.Event()
            senders = [group.create_task(user.send_until(enough, PAUSE)) for user in gathered.users]
            drained = group.create_task(drain_under_load(leaving, gathered, signalled))
            await signalled.wait()
            # The first clients may reach the leaving node again, because the balancer still has it.
            await until_ready_says(leaving.port, 503)
            proxy.remove(leaving.port)
            assert await drained == 0
            assert await staying_client == 1012
            enough.set()
            await asyncio.wait(senders)
            acknowledged = sum(len(user.receipts) for user in gathered.users)
            await gathered.until(lambda: all(len(user.received) >= acknowledged for user in gathered.users))
        gathered.check_nothing_lost_or_duplicated()
    await check_history(staying, gathered)


async def check_history(server: Server, gathered: Crowd) -> None:
    """Read the whole history at the other node, and compare it with the receipts."""
    receipts = {receipt.position for user in gathered.users for receipt in user.receipts.values()}
    async with Client(server.url) as reader:
        room = await reader.join(ROOM)
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


@pytest.mark.timeout(60)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_node_without_others_closes_all_clients_at_once(number: int) -> None:
    # Clients that left first would miss what the others still send.
    with serving(HUBBUB_DRAIN_SECONDS="3600") as server:
        async with connect(f"{server.url}/ws", subprotocols=["hubbub.v1"]) as socket:  # type: ignore[list-item]
            await socket.send('{"type": "hello", "id": 1}')
            await socket.recv()
            server.signal(number)
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1012
        assert await asyncio.to_thread(server.ended) == 0
