"""The start and the shutdown of a node, as seen by its clients."""

from __future__ import annotations

import asyncio
import socket

import pytest
from typing_extensions import override

from brokers.base import BrokerOptions
from brokers.memory import MemoryBroker
from service.runtime.listener import CannotListen
from service.server import running
from tests.service.framing import frame
from tests.service.peer import PATIENCE, Peer
from tests.service.serving import quick

pytestmark = pytest.mark.usefixtures("no_errors_logged")


async def test_a_stopping_node_closes_its_connections_with_1012() -> None:
    async with running(quick()) as here:
        peers = []
        for query in ("", "?name=ann"):
            peer = await Peer.connect(here.port)
            await peer.upgrade(f"/ws{query}", protocol=None if query else "hubbub.v1")
            peers.append(peer)
        closing = asyncio.gather(*(peer.closed() for peer in peers))
    assert await closing == [1012, 1012]
    for peer in peers:
        peer.disconnect()


async def test_a_peer_that_does_not_answer_does_not_delay_the_shutdown() -> None:
    async with asyncio.timeout(PATIENCE):
        async with running(quick(close_seconds=0.2)) as here:
            peer = await Peer.connect(here.port)
            await peer.upgrade()
        assert await peer.closed() in {1006, 1012}
    peer.disconnect()


async def test_a_draining_node_rejects_new_connections_with_1012() -> None:
    async with running(quick()) as here:
        here.node.draining = True
        peer = await Peer.connect(here.port)
        await peer.upgrade()
        assert await peer.closed() == 1012
        peer.disconnect()


async def test_a_full_node_rejects_connections_with_4001() -> None:
    async with running(quick(connections=1)) as here:
        first, second = await Peer.connect(here.port), await Peer.connect(here.port)
        await first.upgrade()
        await first.ask("hello")
        await first.ask("join", room="lobby")
        await second.upgrade()
        assert await second.closed() == 4001
        assert (await first.ask("hello"))["code"] == "hello_again"
        for peer in (first, second):
            peer.disconnect()


async def test_a_message_right_before_the_shutdown_is_acknowledged_before_the_close() -> None:
    async with running(quick()) as here:
        peer = await Peer.connect(here.port)
        await peer.upgrade()
        await peer.ask("hello")
        await peer.ask("join", room="lobby")
        await peer.write(frame('{"type": "send", "id": 9, "room": "lobby", "text": "bye"}'))
        assert (await peer.event("sent"))["id"] == 9
        closing = asyncio.ensure_future(peer.closed())
    assert await closing == 1012
    peer.disconnect()


async def test_a_port_in_use_is_reported_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"can't listen on 127.0.0.1:{port}: .* Set HUBBUB_PORT"):
            async with running(quick(port=port)):
                pass


async def test_a_node_may_be_started_again_in_the_same_process() -> None:
    for _ in range(2):
        async with running(quick()) as here:
            peer = await Peer.connect(here.port)
            await peer.upgrade()
            assert (await peer.ask("hello"))["type"] == "welcome"
            await peer.leave()


async def test_a_request_that_arrived_before_the_shutdown_is_answered() -> None:
    broker = SlowBroker(BrokerOptions())
    async with running(quick(), broker) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        idle, idle_writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(b"GET /health/ready HTTP/1.1\r\nHost: here\r\n\r\n")
        await broker.probed.wait()
        asyncio.get_running_loop().call_later(0.05, broker.proceed.set)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    assert await idle.read() == b""
    for each in (writer, idle_writer):
        each.close()


class SlowBroker(MemoryBroker):
    """A broker whose probe waits for the test."""

    def __init__(self, options: BrokerOptions) -> None:
        super().__init__(options)
        self.probed, self.proceed = asyncio.Event(), asyncio.Event()

    @override
    async def probe(self) -> None:
        self.probed.set()
        await self.proceed.wait()
