"""Read marks of a user who is connected to two nodes, on Redis and NATS with PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import jwt
import pytest

from service.node import Node
from tests.archive.postgres_storage import new_database
from tests.contract.postgres_server import PostgresServer
from tests.service.archiving.test_copy_archiving import BROKERS, PATIENCE, QUICK, World
from tests.service.peer import Event, Peer

SECRET: Final = "a secret of at least 32 bytes, for tests"
INDEXING: Final = replace(QUICK, index_rest=0.02, marks_interval=0.05)
SETTINGS: Final[dict[str, Any]] = {"auth": "both", "token_key": SECRET}


@pytest.fixture(params=BROKERS.items(), ids=list(BROKERS))
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    name, make = request.param
    server, postgres = make(), PostgresServer()
    try:
        await asyncio.gather(asyncio.to_thread(server.start), asyncio.to_thread(postgres.start))
        async with new_database(postgres) as database:
            yield World(name, server, postgres, database)
    finally:
        server.remove()
        postgres.remove()


async def until_counted(peers: Sequence[Peer], unread: int, mentions: int) -> None:
    """Wait until the archive has copied and indexed what was sent: all lists of rooms have these numbers."""
    for peer in peers:
        async with asyncio.timeout(PATIENCE):
            while await counted(peer) != (unread, mentions):  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.02)


async def counted(peer: Peer) -> tuple[int, int]:
    [room] = (await peer.ask("rooms"))["rooms"]
    return room["unread"], room["mentions"]


async def sign_in(port: int, user: str) -> Peer:
    peer = await Peer.connect(port)
    await peer.upgrade()
    token = jwt.encode({"sub": user, "exp": int(time.time()) + 600}, SECRET, algorithm="HS256")
    assert (await peer.ask("hello", token=token))["type"] == "welcome"
    return peer


async def until_connected(node: Node, others: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(node.cluster) < others:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)


async def test_a_mark_goes_to_the_connections_on_other_nodes_and_is_kept(world: World) -> None:
    async with world.node(**SETTINGS) as here, world.node(**SETTINGS) as there:
        await until_connected(here.node, 1)
        await until_connected(there.node, 1)
        ann, also_ann = await sign_in(here.port, "ann"), await sign_in(there.port, "ann")
        bob = await sign_in(here.port, "bob")
        for peer in (ann, also_ann, bob):
            await peer.ask("join", room="lobby")
        first, *_, last = [await bob.ask("send", room="lobby", text="hello") for _ in range(3)]
        assert first["offset"] < last["offset"]
        while (await ann.event("message"))["offset"] < last["offset"]:
            pass
        moved = await ann.ask("read", room="lobby", offset=last["offset"] - 1)
        assert moved["unread"] == 1
        seen = await also_ann.event("mark")
        assert (seen["room"], seen["offset"], seen["unread"]) == ("lobby", last["offset"] - 1, 1)
        for peer in (ann, also_ann, bob):
            peer.disconnect()
    async with world.node(**SETTINGS) as here:
        ann = await sign_in(here.port, "ann")
        mark = (await ann.ask("join", room="lobby"))["mark"]
        assert (mark["offset"], mark["unread"]) == (last["offset"] - 1, 1)
        [room] = (await ann.ask("rooms"))["rooms"]
        assert (room["room"], room["unread"]) == ("lobby", 1)
        ann.disconnect()


@asynccontextmanager
async def on_two_nodes(world: World) -> AsyncIterator[tuple[Peer, Peer, Peer]]:
    """Connect Ann to two nodes, and Bob to the second; all have joined."""
    async with world.node(INDEXING, **SETTINGS) as here, world.node(INDEXING, **SETTINGS) as there:
        await until_connected(here.node, 1)
        await until_connected(there.node, 1)
        ann, also_ann = await sign_in(here.port, "ann"), await sign_in(there.port, "ann")
        bob = await sign_in(there.port, "bob")
        for peer in (bob, ann, also_ann):
            await peer.ask("join", room="lobby")
        yield ann, also_ann, bob
        for peer in (ann, also_ann, bob):
            peer.disconnect()


async def until_received(peer: Peer, offset: int) -> None:
    while (await peer.event("message", "change"))["offset"] < offset:
        pass


def counts(mark: Event) -> tuple[int, int, int]:
    return mark["offset"], mark["unread"], mark["mentions"]


async def test_mentions_and_marks_are_the_same_on_both_nodes(world: World) -> None:
    async with on_two_nodes(world) as (ann, also_ann, bob):
        texts = ("to all", "hello @ann", "and @Ann again", "later")
        offsets = [(await bob.ask("send", room="lobby", text=text))["offset"] for text in texts]
        edit = await bob.ask("edit", room="lobby", target=offsets[3], text="later, @ann")
        for peer in (ann, also_ann):
            await until_received(peer, edit["offset"])
        assert counts(await ann.ask("read", room="lobby", offset=offsets[0])) == (offsets[0], 3, 3)
        assert counts(await also_ann.event("mark")) == (offsets[0], 3, 3)
        await until_counted((ann, also_ann), 3, 3)
        removed = await bob.ask("delete", room="lobby", target=offsets[2])
        for peer in (ann, also_ann):
            await until_received(peer, removed["offset"])
        await until_counted((ann, also_ann), 2, 2)
        for peer in (ann, also_ann):
            assert counts((await peer.ask("join", room="lobby"))["mark"]) == (offsets[0], 2, 2)
        # Each node knows the mark now. What the other one moves does not move back here.
        assert counts(await also_ann.ask("read", room="lobby", offset=offsets[1])) == (offsets[1], 1, 1)
        assert counts(await ann.event("mark")) == (offsets[1], 1, 1)
        assert counts(await ann.ask("read", room="lobby", offset=offsets[0])) == (offsets[1], 1, 1)
        await until_counted((ann, also_ann), 1, 1)
