"""The reader of a node's log stalls: the pipe is full, and the node serves on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.e2e.backbones import backbone
from tests.hubbub_cli.server import Server, started
from tests.service.peer import Ended, Peer

STRANGERS = 300
# So few that the test itself is not too busy to notice an answer.
AT_ONCE = 30
ALIVE_WITHIN = 1.0


class StalledReader:
    """A pipe that is not read, with a file descriptor for the log of a node."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        # Both ends, and a file description of its own: the node's stays a blocking one.
        self._end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.stderr = os.open(path, os.O_WRONLY)

    def fill(self) -> None:
        """Leave no room for a single byte."""
        for piece in (b" " * 4096, b" "):
            with suppress(BlockingIOError):
                while True:
                    os.write(self._end, piece)

    def close(self) -> None:
        os.close(self._end)
        os.close(self.stderr)


@pytest.fixture
def stalled(tmp_path: Path) -> Iterator[StalledReader]:
    made = StalledReader(tmp_path / "log")
    yield made
    made.close()


async def check_alive(server: Server) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
        assert (await http.get("/health/live", timeout=ALIVE_WITHIN)).status_code == 200


@asynccontextmanager
async def chatting(server: Server) -> AsyncIterator[Peer]:
    peer = await Peer.connect(server.port)
    await peer.upgrade()
    await peer.ask("hello")
    assert (await peer.ask("join", room="lobby"))["type"] == "joined"
    yield peer
    peer.disconnect()


async def test_a_node_starts_chats_and_stops_while_its_log_is_not_read(stalled: StalledReader) -> None:
    stalled.fill()
    settings = {"HUBBUB_LOG_LEVEL": "info", "HUBBUB_DRAIN_SECONDS": "0"}
    with started(Server(settings, stderr=stalled.stderr)) as server:
        async with chatting(server) as ann:
            answer = await ann.ask("send", room="lobby", text="hello", key="key-1")
            assert answer["type"] == "sent"
            await check_alive(server)
        server.signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.ended) == 0


async def connect_stranger(server: Server) -> None:
    """Connect a plain client to a room that the broker can't open: each makes a line in the log."""
    peer = await Peer.connect(server.port)
    with suppress(Ended):
        await peer.upgrade("/ws?room=lobby", protocol=None)
        await peer.closed()
    peer.disconnect()


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_node_without_broker_is_alive_while_its_log_is_not_read(
    stalled: StalledReader, workers: str
) -> None:
    with (
        backbone("redis") as (broker, settings),
        started(
            Server(settings | {"HUBBUB_LOG_LEVEL": "info", "HUBBUB_WORKERS": workers}, stderr=stalled.stderr)
        ) as server,
    ):
        stalled.fill()
        broker.kill()
        for _ in range(STRANGERS // AT_ONCE):
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(connect_stranger(server))
            await check_alive(server)
        broker.start()
        await _until_chat_works(server)


async def _until_chat_works(server: Server) -> None:
    answer: dict[str, object] = {}
    while answer.get("type") != "sent":
        peer = await Peer.connect(server.port)
        await peer.upgrade()
        await peer.ask("hello")
        if (await peer.ask("join", room="other"))["type"] == "joined":
            answer = await peer.ask("send", room="other", text="hello", key="key-1")
        peer.disconnect()
