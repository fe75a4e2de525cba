"""Two node processes on a real broker: who is where, whatever happens to a node or to the broker."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final, TypeAlias

import pytest

from hubbub_client import Client, NameTaken, Presence, Room
from tests.contract.nats_server import NatsServer
from tests.contract.redis_server import RedisServer
from tests.contract.server import Server as Backbone
from tests.contract.server import running
from tests.hubbub_cli.server import Server, serving

# How long a node may be silent here (seconds), and how long a test waits for what follows from it.
SOON = 1
PATIENCE = 30

Told: TypeAlias = tuple[list[str], list[str]]
ME: Final[Told] = (["ann"], [])
CAME: Final[Told] = (["bob"], [])
WENT: Final[Told] = ([], ["bob"])


@pytest.fixture(params=["redis", "nats"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def backbone(name: str) -> Iterator[Backbone]:
    with running(RedisServer() if name == "redis" else NatsServer()) as server:
        yield server


@pytest.fixture
def nodes(name: str, backbone: Backbone) -> Iterator[list[Server]]:
    settings = {
        "BROKER": name,
        f"{name.upper()}_URL": backbone.url,
        "HUBBUB_BROKER_TIMEOUT": "2",
        "HUBBUB_NODE_SECONDS": str(SOON),
        "HUBBUB_DRAIN_SECONDS": "0",
    }
    with ExitStack() as stack:
        yield [stack.enter_context(serving(**settings)) for _ in range(2)]


class Watcher:
    """Somebody in a room, and what they were told of the others."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.told: list[Told] = []
        self.changed = asyncio.Condition()

    async def watch(self) -> None:
        async for event in self.room:
            if isinstance(event, Presence):
                async with self.changed:
                    self.told.append((list(event.joined), list(event.left)))
                    self.changed.notify_all()

    async def until_told(self, *told: Told) -> None:
        """Wait for what was told from the beginning, no more and no less."""
        async with asyncio.timeout(PATIENCE), self.changed:
            try:
                await self.changed.wait_for(lambda: len(self.told) >= len(told))
            finally:
                assert self.told == list(told)


async def members(room: Room) -> list[str]:
    found = await room.names()
    return list(found.names) if found else []


@pytest.mark.timeout(120)
async def test_users_of_a_killed_or_frozen_node_leave_within_the_timeout(nodes: list[Server]) -> None:
    one, other = nodes
    async with asyncio.timeout(90), Client(one.url, name="ann") as ann, asyncio.TaskGroup() as group:
        watcher = Watcher(await ann.join("lobby"))
        watching = group.create_task(watcher.watch())
        await watcher.until_told(ME)
        async with Client(other.url, name="bob") as bob:
            assert await members(await bob.join("lobby")) == ["ann", "bob"]
            await watcher.until_told(ME, CAME)
            other.signal(signal.SIGSTOP)
            await watcher.until_told(ME, CAME, WENT)
            other.signal(signal.SIGCONT)
            await watcher.until_told(ME, CAME, WENT, CAME)
            other.kill()
            await watcher.until_told(ME, CAME, WENT, CAME, WENT)
            await asyncio.to_thread(other.start)
            await watcher.until_told(ME, CAME, WENT, CAME, WENT, CAME)
        await watcher.until_told(ME, CAME, WENT, CAME, WENT, CAME, WENT)
        assert await members(watcher.room) == ["ann"]
        watching.cancel()


@pytest.mark.timeout(120)
async def test_presence_is_complete_after_an_outage_of_the_broker(
    nodes: list[Server], backbone: Backbone
) -> None:
    one, other = nodes
    async with asyncio.timeout(90), Client(one.url, name="ann") as ann, Client(other.url, name="bob") as bob:
        rooms = [await chat.join("lobby") for chat in (ann, bob)]
        backbone.kill()
        async with Client(other.url, name="eve") as eve:
            await asyncio.to_thread(backbone.start)
            rooms.append(await eve.join("lobby"))
            for room in rooms:
                while await members(room) != ["ann", "bob", "eve"]:
                    pass
        for room in rooms[:2]:
            while await members(room) != ["ann", "bob"]:
                pass


async def test_a_name_in_use_on_another_node_is_taken(nodes: list[Server]) -> None:
    one, other = nodes
    async with Client(one.url, name="ann") as ann:
        await ann.join("lobby")
        async with Client(other.url, name="bob") as bob:
            room = await bob.join("lobby")
            assert await members(room) == ["ann", "bob"]
            async with Client(other.url, name="Ann") as thief:
                with pytest.raises(NameTaken) as refused:
                    await thief.online()
            assert refused.value.suggestion == "Ann2"
