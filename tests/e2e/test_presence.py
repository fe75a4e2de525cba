"""Presence on two node processes and a real broker, with faults of a node and of the broker."""

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

# After so long without heartbeats a node is dead (seconds), and the time limit of a test.
NODE_SECONDS = 1
TIMEOUT = 30

Change: TypeAlias = tuple[list[str], list[str]]
BOB_JOINED: Final[Change] = (["bob"], [])
BOB_LEFT: Final[Change] = ([], ["bob"])


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
        "HUBBUB_NODE_SECONDS": str(NODE_SECONDS),
        "HUBBUB_DRAIN_SECONDS": "0",
    }
    with ExitStack() as stack:
        yield [stack.enter_context(serving(**settings)) for _ in range(2)]


class Watcher:
    """A member of a room, and the presence events that it received."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.changes: list[Change] = []
        self.updated = asyncio.Condition()

    async def watch(self) -> None:
        async for event in self.room:
            if isinstance(event, Presence):
                async with self.updated:
                    self.changes.append((list(event.joined), list(event.left)))
                    self.updated.notify_all()

    async def until_received(self, *changes: Change) -> None:
        """Wait for these changes since the beginning, and no others."""
        async with asyncio.timeout(TIMEOUT), self.updated:
            try:
                await self.updated.wait_for(lambda: len(self.changes) >= len(changes))
            finally:
                assert self.changes == list(changes)


async def members(room: Room) -> list[str]:
    found = await room.names()
    return list(found.names) if found else []


@pytest.mark.timeout(120)
async def test_users_of_a_killed_or_frozen_node_leave_within_the_timeout(nodes: list[Server]) -> None:
    one, other = nodes
    async with asyncio.timeout(90), Client(one.url, name="ann") as ann, asyncio.TaskGroup() as group:
        watcher = Watcher(await ann.join("lobby"))
        watching = group.create_task(watcher.watch())
        async with Client(other.url, name="bob") as bob:
            assert await members(await bob.join("lobby")) == ["ann", "bob"]
            await watcher.until_received(BOB_JOINED)
            other.signal(signal.SIGSTOP)
            await watcher.until_received(BOB_JOINED, BOB_LEFT)
            other.signal(signal.SIGCONT)
            await watcher.until_received(BOB_JOINED, BOB_LEFT, BOB_JOINED)
            other.kill()
            await watcher.until_received(BOB_JOINED, BOB_LEFT, BOB_JOINED, BOB_LEFT)
            await asyncio.to_thread(other.start)
            await watcher.until_received(BOB_JOINED, BOB_LEFT, BOB_JOINED, BOB_LEFT, BOB_JOINED)
        await watcher.until_received(BOB_JOINED, BOB_LEFT, BOB_JOINED, BOB_LEFT, BOB_JOINED, BOB_LEFT)
        assert await members(watcher.room) == ["ann"]
        watching.cancel()


@pytest.mark.timeout(120)
async def test_presence_is_complete_after_an_outage_of_the_broker(
    nodes: list[Server], backbone: Backbone
) -> None:
    one, other = nodes
    async with asyncio.timeout(90), Client(one.url, name="ann") as ann, Client(other.url, name="bob") as bob:
        rooms = [await client.join("lobby") for client in (ann, bob)]
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
            async with Client(other.url, name="Ann") as other_ann:
                with pytest.raises(NameTaken) as rejected:
                    await other_ann.online()
            assert rejected.value.suggestion == "Ann2"


async def test_who_is_away_is_the_same_on_both_nodes_and_after_an_outage(
    nodes: list[Server], backbone: Backbone
) -> None:
    one, other = nodes
    async with asyncio.timeout(90), Client(one.url, name="ann") as ann, Client(other.url, name="bob") as bob:
        room = await ann.join("lobby")
        await bob.join("lobby")
        for away in (True, False, True):
            bob.away(away)
            async for event in room:
                if isinstance(event, Presence) and (event.away or event.back):
                    assert (event.away, event.back) == ((("bob",), ()) if away else ((), ("bob",)))
                    break
        assert room.members.away == {"bob"}
        backbone.kill()
        bob.away(away=False)
        await asyncio.to_thread(backbone.start)
        async for event in room:
            if isinstance(event, Presence) and event.back:
                break
        names = await room.names()
        assert names is not None
        assert (names.names, names.away) == (("ann", "bob"), frozenset())
